/** The bundled text of `worker.ts`. */
declare module "worker:source" {
  const source: string
  export default source
}
