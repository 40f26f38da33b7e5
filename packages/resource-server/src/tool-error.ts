/**
 * A failure of a tool that its caller should read: it becomes the tool result `[CODE] message`.
 *
 * @example
 * ```ts
 * if (file === undefined) throw new ToolError('NOT_FOUND', 'there is no such file')
 * ```
 */
export class ToolError extends Error {
  override readonly name = 'ToolError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
