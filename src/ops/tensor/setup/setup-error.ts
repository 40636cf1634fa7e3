import { explained } from "../../../pipeline/explained.ts"

/** The request cannot be met: an option, a given wheel or folder, a platform without native TensorFlow. Exit code 2. */
export class SetupInputError extends explained("SetupInputError") {}

/** Something that the set-up needs is missing or fails: Python, pip, compiler, network, disk space. Exit code 1. */
export class SetupError extends explained("SetupError") {}

/** Native TensorFlow is set up, but its libraries were changed or do not load. */
export class NativeLoadError extends explained("NativeLoadError") {}
