/** Completions of shells: options of the command, files of its argument, folders and words of options. */
import {
  answered,
  type CommandFacts,
  type OptionFacts,
  runCommand,
  SHELLS,
  type Shell,
  subcommands
} from "./command-line.ts"

type Options = Readonly<Record<string, OptionFacts>>
type Offers = "files" | "folders" | ReadonlyArray<string>

const NAME = "orbitrank"

/** Every command by the word in front of its options; the empty word is the command itself. */
const commands: ReadonlyArray<readonly [string, CommandFacts<Options>]> = [
  ["", { ...runCommand, options: { ...runCommand.options, ...answered } }],
  ...Object.entries(subcommands).map(
    ([word, facts]) => [word, { ...facts, options: { ...facts.options, help: answered.help } }] as const
  )
]

const words = Object.keys(subcommands)

const offersOf = (facts: OptionFacts): Offers | undefined =>
  facts.kind === "switch" ? undefined : (facts.offers ?? [])

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Lines of bash that fill COMPREPLY. */
const bashReply = (offers: Offers): string => {
  if (offers === "files") return 'COMPREPLY=($(compgen -f -- "$word"))'
  if (offers === "folders") return 'COMPREPLY=($(compgen -d -- "$word"))'
  // One word a line, since names of files may hold spaces.
  return `COMPREPLY=($(compgen -W $'${offers.join("\\n")}' -- "$word"))`
}

const bash = (): string => {
  const all = commands.map(([word, { argument, options }]) => {
    const values = Object.entries(options).flatMap(([name, facts]) => {
      const offers = offersOf(facts)
      return offers === undefined ? [] : [`        --${name}) ${bashReply(offers)}; return ;;`]
    })
    const names = Object.keys(options).map((name) => `--${name}`)
    const open =
      word === "" && words.length > 0 ? [`      COMPREPLY+=($(compgen -W $'${words.join("\\n")}' -- "$word"))`] : []
    return [
      `    ${word === "" ? "*" : word})`,
      '      case "$before" in',
      ...values,
      "      esac",
      `      if [[ "$word" == -* ]]; then ${bashReply(names)}; return; fi`,
      `      ${bashReply(argument.offers)}`,
      ...open,
      "      ;;"
    ].join("\n")
  })
  // The pattern that fits every word comes last.
  const [main, ...others] = all
  return [
    `_${NAME}() {`,
    "  local IFS=$'\\n'",
    `  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"`,
    `  case "\${COMP_WORDS[1]}" in`,
    ...others,
    main,
    "  esac",
    "}",
    `complete -o filenames -F _${NAME} ${NAME}`
  ].join("\n")
}

const zshAction = (offers: Offers): string => {
  if (offers === "files") return "_files"
  if (offers === "folders") return "_files -/"
  return offers.length === 0 ? " " : `(${offers.join(" ")})`
}

/** Text inside the brackets of `_arguments`. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&")

const zshArguments = ({ argument, options }: CommandFacts<Options>): string => {
  const specs = Object.entries(options).map(([name, facts]) => {
    const many = facts.kind === "repeated" ? "*" : ""
    const value = facts.kind === "switch" ? "" : `:${facts.value}:${zshAction(facts.offers ?? [])}`
    return quoted(`${many}--${name}[${zshText(facts.about)}]${value}`)
  })
  return ["_arguments", ...specs, quoted(`:${argument.name}:${zshAction(argument.offers)}`)].join(" \\\n    ")
}

const zsh = (): string => {
  const [[, main], ...others] = commands
  const branches = others.map(
    ([word, facts]) => `  if [[ \${words[2]} == ${word} ]]; then\n    ${zshArguments(facts)}\n    return\n  fi`
  )
  const open = words.length === 0 ? [] : [`  (( CURRENT == 2 )) && compadd -- ${words.join(" ")}`]
  return [
    `#compdef ${NAME}`,
    `_${NAME}() {`,
    ...branches,
    ...open,
    `  ${zshArguments(main)}`,
    "}",
    `compdef _${NAME} ${NAME}`
  ].join("\n")
}

const fishOffers = (offers: Offers): string => {
  if (offers === "files") return "-r -F"
  if (offers === "folders") return "-x -a '(__fish_complete_directories)'"
  return `-x${offers.length === 0 ? "" : ` -a ${quoted(offers.join(" "))}`}`
}

const fish = (): string =>
  commands
    .flatMap(([word, { about, options }]) => {
      const elsewhere = words.length === 0 ? "" : ` -n 'not __fish_seen_subcommand_from ${words.join(" ")}'`
      const when = word === "" ? elsewhere : ` -n '__fish_seen_subcommand_from ${word}'`
      const lines = Object.entries(options).map(([name, facts]) => {
        const offers = offersOf(facts)
        const value = offers === undefined ? "" : ` ${fishOffers(offers)}`
        return `complete -c ${NAME}${when} -l ${name}${value} -d ${quoted(facts.about)}`
      })
      return word === ""
        ? lines
        : [`complete -c ${NAME} -n '__fish_use_subcommand' -a ${word} -d ${quoted(about)}`, ...lines]
    })
    .join("\n")

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash, zsh, fish }

/** The completion script of a shell; undefined if there is none for it. */
export const completionScript = (shell: string): string | undefined =>
  (SHELLS as ReadonlyArray<string>).includes(shell) ? SCRIPTS[shell as Shell]() : undefined
