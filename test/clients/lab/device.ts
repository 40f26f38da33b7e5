import { createBrowser } from '../../helpers/browser.ts'

/** Does what a device asks of a person: their browser, its code, their account, their consent. */
export async function approveDevice(
  account: { readonly email: string; readonly password: string },
  url: URL,
): Promise<void> {
  const browser = createBrowser({ origin: url.origin })
  try {
    let page = await browser.open(url)
    for (const wanted of ['user_code', 'confirm', 'password', 'Allow']) {
      const isThere = page.forms.some(({ fields, buttons }) =>
        [...fields, ...buttons].includes(wanted),
      )
      if (!isThere) continue
      const values = wanted === 'password' ? { ...account } : {}
      page = await browser.submit(page.form(wanted), values)
    }
    if (!page.text.includes('signed in')) throw new Error(`the device was not let in: ${page.text}`)
  } finally {
    await browser.close()
  }
}
