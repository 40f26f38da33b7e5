import { isPasted, type Provider } from '@holdfast/providers'
import { usage } from '../errors.ts'
import { handKinds } from './by-hand.ts'
import type { AddOptions } from './plan.ts'
import type { Way } from './way.ts'

/** Options that only a kind by hand has; `--kind` is an option of both ways. */
const ofHandKinds = ['header', 'template', 'in', 'field'] as const
const ofHand = [...ofHandKinds, 'injection', 'secretFile'] as const

/** Options that mean something to the catalog alone, and what takes their place by hand. */
const ofCatalog = {
  allow: 'by hand: --methods --paths --resources',
  operations: 'by hand: --methods --paths --resources',
  set: 'by hand: leave out --set, or describe the kind with --injection',
  scopes: 'by hand: they are part of --injection',
} as const

/**
 * Holds that every option that was given means something for the connection that it describes.
 *
 * @throws CliError that names the first one that would be dropped
 */
export function refuseStrayOptions(way: Way, options: AddOptions): void {
  if (way.byHand !== undefined) {
    refuseOfCatalog(way, options)
    refuseOfOtherKinds(options)
  } else if (way.provider) {
    refuseOfHand(options)
  }
}

function refuseOfCatalog({ provider }: Way, options: AddOptions): void {
  for (const name of ['allow', 'operations', 'set', 'scopes'] as const) {
    if (options[name] === undefined) continue
    throw usage(
      `${flag(name)} needs a provider of the catalog`,
      `${ofCatalog[name]}${provider === undefined ? '' : `; as in the catalog: ${catalogFix(provider)}`}`,
    )
  }
}

const catalogFix = ({ self_hosted: isSelfHosted, kinds }: Provider): string =>
  isSelfHosted === true
    ? kinds
        .filter(isPasted)
        .map(({ id }) => `--kind ${id}`)
        .join(' or ')
    : 'leave out --base-url'

function refuseOfOtherKinds(options: AddOptions): void {
  const { kind = 'api_key', in: place = 'header', injection } = options
  if (injection !== undefined) {
    const stray = (['kind', ...ofHandKinds] as const).find((name) => options[name] !== undefined)
    if (stray === undefined) return
    throw usage('--injection says all about the kind', `give it without ${flag(stray)}`)
  }
  if (!handKinds.includes(kind)) return
  if (kind !== 'api_key') {
    const stray = ofHandKinds.find((name) => options[name] !== undefined)
    if (stray === undefined) return
    throw usage(`${flag(stray)} belongs to --kind api_key`, 'leave it out, or give --kind api_key')
  }
  if (place !== 'header' && options.header !== undefined) {
    const instead = place === 'path' ? '--template' : '--field'
    throw usage('--header belongs to --in header', `for --in ${place} give ${instead}`)
  }
  if ((place === 'header' || place === 'path') && options.field !== undefined) {
    const instead = place === 'path' ? '--template' : '--header'
    throw usage(
      '--field belongs to --in query, cookie, json or form',
      `for --in ${place} give ${instead}`,
    )
  }
}

function refuseOfHand(options: AddOptions): void {
  const stray = ofHand.find((name) => options[name] !== undefined)
  if (stray === undefined) return
  const instead = stray === 'secretFile' ? 'give --secret-stdin' : 'leave it out'
  throw usage(
    `${flag(stray)} is for a connection by hand`,
    `${instead}${options.baseUrl === undefined ? ', or describe the connection by hand with --base-url' : ''}`,
  )
}

const flag = (name: keyof AddOptions): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
