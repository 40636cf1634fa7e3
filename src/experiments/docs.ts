/** `npm run docs`: writes `docs/operators.md` from the operators. A test fails if that file is out of date. */
import { join } from "node:path"
import { writeFileAtomic } from "../ops/formats/files.ts"
import { catalogue, catalogueMarkdown } from "../pipeline/catalogue.ts"
import { language } from "./plan/plan.ts"

writeFileAtomic(join(import.meta.dirname, "../../docs/operators.md"), catalogueMarkdown(catalogue(language.operators)))
