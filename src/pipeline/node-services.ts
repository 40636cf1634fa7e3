/** The services of Node that a command line needs: files, paths, child processes, standard streams and the terminal. */
import * as ChildProcesses from "@effect/platform-node-shared/NodeChildProcessSpawner"
import * as Files from "@effect/platform-node-shared/NodeFileSystem"
import * as Paths from "@effect/platform-node-shared/NodePath"
import * as Streams from "@effect/platform-node-shared/NodeStdio"
import * as Terminals from "@effect/platform-node-shared/NodeTerminal"
import { Layer } from "effect"

/** All of them as one layer. */
export const nodeServices = Layer.provideMerge(
  ChildProcesses.layer,
  Layer.mergeAll(Files.layer, Paths.layer, Streams.layer, Terminals.layer)
)
