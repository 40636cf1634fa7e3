/** The indexes: one list, from which names, parameters, the catalogue and the documentation are made. */
import { binary } from "./index/binary.ts"
import { exact } from "./index/exact.ts"
import { hnsw } from "./index/hnsw.ts"
import { int8 } from "./index/int8.ts"
import { pgvector } from "./index/pgvector.ts"
import { pq } from "./index/pq.ts"

/** Every index. A new index is a file in `index/` and its name here. */
export const indexes = [exact, int8, binary, pq, hnsw, pgvector] as const
