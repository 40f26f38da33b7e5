/** Sends one step of the page. @throws Error with the server's words for the person */
export async function post<Answer>(ticket: string, step: string, body: object): Promise<Answer> {
  const response = await globalThis.fetch(`/connect/${ticket}/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
  })
  const answer = (await response.json()) as { readonly error_description?: string }
  if (response.ok) return answer as Answer
  throw new Error(answer.error_description ?? 'the server refused it')
}
