/** Dates in facts and in conditions, whatever their form. */

/** 2017-06-13, 2017/06/13 and 2017-06, also with a time: 2017-06-13T10:10:31Z. */
const DIVIDED =
  /^(\d{4})([-/])(\d{2})(?:\2(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?$/
/** 20170613, also with a time: 20170613T101031. */
const COMPACT = /^(\d{4})()(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?Z?)?$/

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Names of columns with dates. */
const COLUMN = /^(date|day|time|datetime|timestamp|acquired|acquisition(_?date)?)$/i

/** Whether a column holds dates, by its name: four digits are then a year. */
export const isDateColumn = (column: string): boolean => COLUMN.test(column)

/**
 * A date as digits, from the year to the seconds as far as they are given, so that texts of digits compare like dates. A time
 * zone is ignored. `undefined` for any other text, and for days that do not exist, such as 20171399.
 *
 * @example
 * dateDigits("2017-06-13") // => "20170613"
 * dateDigits("20170613T101031") // => "20170613101031"
 * dateDigits("2017-06") // => "201706"
 * dateDigits("20171399") // => undefined
 */
export const dateDigits = (text: string): string | undefined => {
  const [, year, , month, day, ...time] = DIVIDED.exec(text) ?? COMPACT.exec(text) ?? []
  if (year === undefined) return undefined
  const days = DAYS[Number(month) - 1] ?? 0
  if (Number(day ?? 1) < 1 || Number(day ?? 1) > days) return undefined
  return [year, month, day, ...time].join("")
}

/** Four digits as a year. */
export const yearDigits = (text: string): string | undefined => (/^\d{4}$/.test(text) ? text : undefined)
