import { explained } from "../../../pipeline/explained.ts"

/** What was asked for cannot be: an option, a given wheel or folder, a platform without native TensorFlow. Exit code 2. */
export class SetupInputError extends explained("SetupInputError") {}

/** Something that the set-up needs is missing or failed: Python, pip, compiler, network, disk space. Exit code 1. */
export class SetupError extends explained("SetupError") {}

/** The native engine is set up but does not load. */
export class NativeLoadError extends explained("NativeLoadError") {}
