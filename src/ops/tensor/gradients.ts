/**
 * Gradients by TensorFlow.js, with tensors freed as soon as the backward pass has used them. By itself, TensorFlow.js keeps the
 * gradient of every intermediate result until the pass has ended: about as many bytes again as the results.
 */
import type { Tensor, Tf } from "./tfjs.ts"

/** Functions that compute the gradients of an operation's inputs. */
type InputGradients = Readonly<Record<string, () => Tensor>>

/** An operation of the forward pass. */
interface TapeNode {
  readonly inputs: Readonly<Record<string, Tensor>>
  readonly outputs: ReadonlyArray<Tensor>
  /** Tensors that its gradients need. */
  readonly saved?: ReadonlyArray<Tensor>
  gradient?: (slopes: ReadonlyArray<Tensor | null>) => InputGradients
}

/** Records that TensorFlow.js keeps of a forward pass and leaves out of its public types. */
interface Tape {
  readonly state: { readonly activeTape: ReadonlyArray<TapeNode> | null }
}

const tapeOf = (tf: Tf): ReadonlyArray<TapeNode> => (tf.engine() as unknown as Tape).state.activeTape ?? []

/** Frees tensors that were saved for the backward pass. After a failed pass, TensorFlow.js forgets them without freeing them. */
const forgetTape = (tf: Tf): void => {
  for (const { saved = [] } of tapeOf(tf)) for (const tensor of saved) tensor.dispose()
}

/** Tensors of a backward pass, each freed after its last use. */
const usesOf = () => {
  // An operation may return one tensor as the gradient of several inputs.
  const uses = new Map<Tensor, number>()
  return {
    add: (tensor: Tensor): void => void uses.set(tensor, (uses.get(tensor) ?? 0) + 1),
    has: (tensor: Tensor): boolean => uses.has(tensor),
    end: (tensor: Tensor): void => {
      const left = (uses.get(tensor) ?? 1) - 1
      if (left > 0) uses.set(tensor, left)
      else {
        uses.delete(tensor)
        tensor.dispose()
      }
    }
  }
}

/**
 * Makes each operation of the tape free the tensors of the operation before it. The backward pass visits the operations one after
 * another, so that an operation is finished when the next one begins.
 *
 * @param wanted tensors whose gradients the caller asked for
 */
const freeWhenUsed = (tape: ReadonlyArray<TapeNode>, wanted: ReadonlySet<Tensor>): void => {
  const uses = usesOf()
  /** Tensors that have a gradient already: TensorFlow.js adds further gradients to it. */
  const reached = new Set<Tensor>()
  let finish: () => void = () => {}
  for (const node of tape) {
    const { gradient, inputs, outputs, saved = [] } = node
    if (gradient === undefined) continue
    node.gradient = (slopes) => {
      finish()
      const summands: Array<Tensor> = []
      finish = () => {
        const used = slopes.filter((slope, i) => slope !== null && !wanted.has(outputs[i])) as Array<Tensor>
        for (const tensor of [...summands, ...used]) uses.end(tensor)
        for (const tensor of saved) if (!uses.has(tensor)) tensor.dispose()
      }
      const made = Object.entries(gradient(slopes)).map(([name, make]) => {
        const noted = (): Tensor => {
          const found = make()
          uses.add(found)
          if (reached.has(inputs[name])) summands.push(found)
          reached.add(inputs[name])
          return found
        }
        return [name, noted] as const
      })
      return Object.fromEntries(made)
    }
  }
}

/**
 * Computes the value of `body` and its gradients with respect to `inputs`, undefined for inputs that it does not depend on. Called
 * inside a scope.
 */
export const gradients = (
  tf: Tf,
  body: () => Tensor,
  inputs: ReadonlyArray<Tensor>
): { readonly value: Tensor; readonly gradients: ReadonlyArray<Tensor | undefined> } => {
  const taped = (): Tensor => {
    const value = body()
    freeWhenUsed(tapeOf(tf), new Set(inputs))
    return value
  }
  try {
    const { grads, value } = tf.engine().gradients(taped, [...inputs], undefined, true)
    return { value, gradients: grads.map((one) => one ?? undefined) }
  } catch (cause) {
    forgetTape(tf)
    throw cause
  }
}
