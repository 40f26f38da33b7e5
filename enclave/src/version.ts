/** The version in `package.json`, held equal by a test: a sealed process reads no files. */
export const VERSION = '0.1.0'
