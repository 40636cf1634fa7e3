/** The files beside docs/cluster.md name paths and keys that exist. */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { loadAll } from "js-yaml"
import { describe, expect, it } from "vitest"
import { ADDRESS, ADDRESS_FILE } from "../../../src/experiments/cluster/address.ts"
import { OPTIONAL_PACKAGES } from "../../../src/pipeline/packages.ts"

const root = resolve(import.meta.dirname, "../../..")
const read = (name: string) => readFileSync(join(root, "docs/cluster", name), "utf8")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

/** The programs of the installed package that a text starts, as files of the source. */
const programs = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/node_modules\/orbitrank\/dist\/([\w./-]+)\.js/g)].map(([, path]) => `src/${path}.ts`)

describe("the Dockerfile", () => {
  const text = read("Dockerfile")
  it("copies the tarball that `npm pack` makes, and starts a program that it holds", () => {
    expect(text).toContain(`COPY ${manifest.name}-*.tgz ./`)
    expect(text).toContain(`npm install --ignore-scripts ./${manifest.name}-*.tgz`)
    expect(programs(text)).toEqual(["src/experiments/worker.ts"])
    for (const path of programs(text)) expect(existsSync(join(root, path)), path).toBe(true)
  })

  it("installs peers at the versions that are tested, on a Node that is supported", () => {
    const versions: Readonly<Record<string, string>> = {
      effect: manifest.peerDependencies.effect.replace("^", ""),
      ...OPTIONAL_PACKAGES
    }
    const installed = [...text.matchAll(/(?<=\s)(@?[a-z][\w./-]*)@(\d[\w.]*)/g)]
    expect(installed.length).toBeGreaterThan(5)
    for (const [, name, version] of installed) expect(versions[name], name).toBe(version)
    expect(text).toMatch(/^FROM node:2[2-9]-/m)
  })
})

describe("the manifests of Kubernetes", () => {
  interface Container {
    readonly args: ReadonlyArray<string>
    readonly env: ReadonlyArray<{ readonly name: string }>
    readonly volumeMounts: ReadonlyArray<{ readonly name: string; readonly mountPath: string }>
  }
  interface Resource {
    readonly kind: string
    readonly metadata: { readonly name: string }
    readonly spec: {
      readonly accessModes?: ReadonlyArray<string>
      readonly template?: {
        readonly spec: {
          readonly containers: ReadonlyArray<Container>
          readonly volumes: ReadonlyArray<{
            readonly name: string
            readonly persistentVolumeClaim: { readonly claimName: string }
          }>
        }
      }
    }
  }
  const all = loadAll(read("kubernetes.yaml")) as ReadonlyArray<Resource>

  it("are a shared volume, workers and a run, which all mount it", () => {
    expect(all.map(({ kind }) => kind)).toEqual(["PersistentVolumeClaim", "Deployment", "Job"])
    const [claim, ...users] = all
    expect(claim.spec.accessModes).toEqual(["ReadWriteMany"])
    for (const { spec } of users) {
      const { containers, volumes } = spec.template?.spec ?? { containers: [], volumes: [] }
      expect(volumes[0].persistentVolumeClaim.claimName).toBe(claim.metadata.name)
      for (const { args, env, volumeMounts } of containers) {
        expect(volumeMounts).toEqual([{ name: volumes[0].name, mountPath: "/shared" }])
        expect(env.map(({ name }) => name)).toEqual([ADDRESS])
        const [path] = programs(args[0])
        expect(existsSync(join(root, path)), path).toBe(true)
      }
    }
  })
})

describe("the script of Slurm", () => {
  it("names the variable of the address file, and a program of a clone", () => {
    const text = read("workers.slurm")
    expect(text).toContain(`export ${ADDRESS_FILE}=`)
    const [, path] = /npx tsx (\S+)/.exec(text.slice(text.indexOf("exec"))) ?? []
    expect(existsSync(join(root, path))).toBe(true)
  })
})
