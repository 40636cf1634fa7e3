/** Values that belong neither into a record nor into a list of arguments. */

/** Names that programs give to secrets: `DB_PASSWORD`, `HF_TOKEN`, `AWS_SECRET_ACCESS_KEY`. */
const SECRET_NAME =
  /(^|_)(pass(word|wd|phrase)?|secrets?|token|credentials?|(api|access|private|secret|ssh|signing|encryption)_?keys?)(_|\d*$)|_(pwd|auth)$/i

/** Values that are secrets whatever their name: keys of well-known services, private keys. */
const SECRET_VALUE =
  /^(AKIA|ASIA)[A-Z0-9]{16}$|^(gh[pousr]_|github_pat_|glpat-|hf_|npm_|sk-|xox[abprs]-)[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY/i

/** An address with a password. */
const PASSWORD = /\b[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*:[^/?#\s]+@/i

/**
 * Whether a text holds an address with a password.
 *
 * @example
 * holdsPassword("store=postgres://me:word@host/db") // => true
 * holdsPassword("https://host/a") // => false
 */
export const holdsPassword = (text: string): boolean => PASSWORD.test(text)

/** Whether a variable should not be written into a record. */
export const isSecret = (name: string, value: string): boolean =>
  SECRET_NAME.test(name) || SECRET_VALUE.test(value) || holdsPassword(value)
