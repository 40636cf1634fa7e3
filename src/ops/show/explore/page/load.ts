/** Loads parts of the data: each is a script that calls `orbitrank(name, value)`. */

const waiting = new Map<string, (value: unknown) => void>()

declare global {
  interface Window {
    orbitrank: (name: string, value: unknown) => void
  }
}

window.orbitrank = (name, value) => {
  waiting.get(name)?.(value)
  waiting.delete(name)
}

/** @returns rejects if there is no such file */
export const part = <A>(name: string): Promise<A> =>
  new Promise((resolve, reject) => {
    waiting.set(name, resolve as (value: unknown) => void)
    const script = document.createElement("script")
    script.src = `data/${name}.js`
    script.onload = () => script.remove()
    script.onerror = () => {
      script.remove()
      reject(new Error(`data/${name}.js cannot be loaded. Keep the page and its folders together.`))
    }
    document.head.append(script)
  })
