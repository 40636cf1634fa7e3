/** Indexes that are elsewhere: in a worker thread, or on the server that the page came from. */
import source from "thread:index-thread.ts"
import type { Index, Shape } from "../kit/index.ts"
import { localIndex } from "../kit/index.ts"
import type { Question } from "./index-thread.ts"
import { openThread } from "./thread.ts"

/** Values of all vectors up to which the page searches by itself: a search takes a few milliseconds. */
const SMALL = 16_000_000

/** An index in a worker thread, so that the page never waits. */
const threadIndex = (shape: Shape): Index => {
  const ask = openThread<Question>([source])
  void ask({ kind: "open", shape })
  return {
    add: (text, rows) => ask({ kind: "add", text, rows }),
    prepare: () => ask({ kind: "prepare" }),
    vectors: (images) => ask({ kind: "vectors", images }),
    cosines: (query) => ask({ kind: "cosines", query })
  }
}

/** The index of the server that the page came from; the token of the page's address goes with every question. */
export const serverIndex = ({ dim }: Shape): Index => {
  const ask = async (path: string, body: ArrayBuffer): Promise<Float64Array> => {
    const token = new URLSearchParams(window.location.search).get("token")
    const headers = {
      "content-type": "application/octet-stream",
      ...(token === null ? {} : { authorization: `Bearer ${token}` })
    }
    const answer = await fetch(path, { method: "POST", headers, body })
    if (!answer.ok) throw new Error(`the server refuses to search (${answer.status} ${answer.statusText})`)
    return new Float64Array(await answer.arrayBuffer())
  }
  return {
    add: async () => undefined,
    prepare: async () => undefined,
    vectors: async (images) => {
      const all = await ask("api/vectors", Float64Array.from(images).buffer)
      return images.map((_, i) => all.slice(i * dim, (i + 1) * dim))
    },
    cosines: (query) => ask("api/cosines", query.slice().buffer)
  }
}

export const indexFor = (shape: Shape): Index =>
  shape.count * shape.dim > SMALL ? threadIndex(shape) : localIndex(shape)
