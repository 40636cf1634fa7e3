/** The address of the cluster's database, which is read from the environment or a private file only. */
import { type Address, addressIn } from "../../ops/postgres/address.ts"
import { RunError } from "../run-error.ts"

/** The variable that holds the address, and the one that names a file with it. */
export const ADDRESS = "ORBITRANK_CLUSTER"
export const ADDRESS_FILE = "ORBITRANK_CLUSTER_FILE"

/** The address, or undefined if the environment has none. Processes that are started later do not find it there. */
export const addressFrom = (environment: NodeJS.ProcessEnv): Address | undefined => {
  const given = { ...environment }
  delete environment[ADDRESS]
  return addressIn(given, ADDRESS, RunError)
}

/** @throws RunError if the environment has no address */
export const neededAddress = (environment: NodeJS.ProcessEnv): Address => {
  const address = addressFrom(environment)
  if (address !== undefined) return address
  throw new RunError({
    subject: "--cluster",
    problem: "no database is given",
    remedy: `Set ${ADDRESS} to its address, or ${ADDRESS_FILE} to a file of mode 600 that holds it`
  })
}
