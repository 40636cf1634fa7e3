/** The bundled text of a thread's module, by its path in this folder. */
declare module "thread:*" {
  const source: string
  export default source
}
