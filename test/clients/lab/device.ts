import { createBrowser } from '../../helpers/browser.ts'

/** A field or button of each page, and the button to press there. */
const steps = [
  ['user_code', 'Continue'],
  ['Yes, it shows this code', 'Yes, it shows this code'],
  ['password', 'Sign in'],
  ['Allow', 'Allow'],
] as const

/** Does what a device asks of a person: its code, their account, their consent. */
export async function approveDevice(
  account: Readonly<Record<'email' | 'password', string>>,
  url: URL,
): Promise<void> {
  const browser = createBrowser({ origin: url.origin })
  try {
    let page = await browser.open(url)
    for (const [wanted, button] of steps) {
      const isThere = page.forms.some(({ fields, buttons }) =>
        [...fields, ...buttons].includes(wanted),
      )
      if (!isThere) continue
      page = await browser.submit(page.form(wanted), wanted === 'password' ? account : {}, button)
    }
    if (!page.text.includes('signed in')) throw new Error(`the device was not let in: ${page.text}`)
  } finally {
    await browser.close()
  }
}
