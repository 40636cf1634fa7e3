/** Takes the place of `show/show-error.ts` in the page, which imports Effect. */
import { explained } from "./explained.ts"

export class ShowError extends explained("ShowError") {}
