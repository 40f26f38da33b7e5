import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { HttpProblem } from '../http/problem.ts'
import { createInTurn, QueueFull } from './in-turn.ts'

/** argon2id, 19 MiB, two passes: the OWASP minimum for interactive sign-in. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/**
 * Half of the pool's four threads: what strangers type must not take them all, because commits are brought to
 * disk on them, and every answer waits for that.
 */
const atOnce = 2
/** Two or three seconds of work on a slow core. Who would wait longer is better told to come again. */
const mayWait = 64
const retryAfterSeconds = 5

const turns = createInTurn(atOnce, mayWait)

/** @throws HttpProblem 503 */
async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await turns(work)
  } catch (error) {
    throw error instanceof QueueFull ? busy(error) : error
  }
}

const busy = (cause?: QueueFull): HttpProblem =>
  new HttpProblem(
    503,
    `Very many passwords are being checked at this moment. Go back and try again in ${retryAfterSeconds} seconds.`,
    {
      error: 'temporarily_unavailable',
      headers: { 'Retry-After': String(retryAfterSeconds) },
      cause,
    },
  )

/**
 * To be called before an attempt is counted: one that is not even looked at is no guess.
 * @throws HttpProblem 503 when a password that came now could not be checked
 */
export function requireTurn(): void {
  if (turns.isFull()) throw busy()
}

const minLength = 12
const maxLength = 256

/** Long enough, and still the first that anyone tries. */
const common = new Set([
  'password1234',
  'passwordpassword',
  'password12345',
  'password123456',
  'administrator',
  'administrator1',
  'adminadminadmin',
  'changemechangeme',
  'letmeinletmein',
  'qwertyuiop12',
  'qwertyuiop123',
  'qwertyqwerty',
  'iloveyouiloveyou',
  'correcthorsebatterystaple',
  'correct horse battery staple',
  'holdfastholdfast',
])

const normalized = (password: string): string => password.normalize('NFC')

/**
 * The PHC string that is stored.
 * @throws HttpProblem 503 when too many wait
 */
export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => hash(normalized(password), parameters))

/** Checks passwords; costs the same whether the user exists or not. */
export interface PasswordCheck {
  /** @throws HttpProblem 503 when too many wait, whoever is asked about */
  (passwordHash: string | undefined, password: string): Promise<boolean>
}

export async function createPasswordCheck(): Promise<PasswordCheck> {
  const nobody = await hashPassword(randomBytes(32).toString('base64url'))
  return async (passwordHash, password) => {
    const tried = normalized(password.slice(0, maxLength))
    const matches = await inTurn(() => verify(passwordHash ?? nobody, tried))
    return matches && passwordHash !== undefined
  }
}

/** What is wrong with a new password, in words for the form; undefined when nothing is. */
export function passwordProblem(password: string, email: string): string | undefined {
  if (Array.from(password).length < minLength) return `Use at least ${minLength} characters.`
  if (password.length > maxLength) return `Use at most ${maxLength} characters.`
  const lower = password.toLowerCase()
  const predictable =
    common.has(lower) ||
    lower === email.toLowerCase() ||
    new Set(lower).size < 4 ||
    '012345678901234567890123456789'.includes(lower) ||
    'abcdefghijklmnopqrstuvwxyz'.includes(lower)
  return predictable
    ? 'This password is among the first that are guessed. Choose another.'
    : undefined
}

/** A plausible address, so that typing mistakes are noticed; nothing is ever sent to it. */
export const isEmail = (text: string): boolean =>
  text.length <= 254 && /^[^\s@<>"']+@[^\s@<>"']+$/.test(text)
