/** Starts the page. */
import { makeApp } from "./app.ts"
import { openArchive } from "./archive.ts"
import { counted, h } from "./dom.ts"

const start = async (): Promise<void> => {
  const progress = h("progress", { max: 1, value: 0, "aria-label": "Loading" })
  document.body.prepend(progress)
  try {
    const archive = await openArchive((share) => {
      progress.value = share
    })
    void archive.ready.then(
      () => progress.remove(),
      (fault: Error) => fail(fault)
    )
    const { classes, count, experiment } = archive.contents
    const facts = [
      counted(count, "image"),
      ...(classes.length === 0 ? [] : [counted(classes.length, "class", "classes")])
    ]
    const app = makeApp(archive)
    document.body.append(
      h("header", {}, h("div", {}, h("h1", {}, experiment), h("p", { class: "soft" }, facts.join(", "))), app.nav),
      app.element
    )
  } catch (fault) {
    fail(fault as Error)
  }
}

const fail = ({ message }: Error): void => {
  document.body.append(h("p", { class: "fault", role: "alert" }, message))
}

void start()
