declare module 'aws4' {
  interface Request {
    readonly service: string
    readonly region: string
    readonly method: string
    readonly path: string
    readonly headers: Record<string, string>
    readonly body?: string | Buffer
    readonly extraHeadersToIgnore?: Readonly<Record<string, boolean>>
  }
  const aws4: {
    sign(
      request: Request,
      credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
    ): { readonly headers: Record<string, string> }
  }
  export = aws4
}
