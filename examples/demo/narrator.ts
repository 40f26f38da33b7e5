import { styleText } from 'node:util'

/** Tells the story on the terminal and remembers what did not hold. */
export interface Narrator {
  /** What it is about. */
  intro(lines: readonly string[]): void
  chapter(title: string): void
  /** One hop: what happened, and what each party could see of it. */
  hop(what: string, seen?: Readonly<Record<string, string>>): void
  /** The outcome of one attack. */
  attack(name: string, outcome: AttackOutcome): void
  readonly failures: readonly string[]
}

/** What an attacker did and got. */
export interface AttackOutcome {
  /** True when the credential stayed safe and the attacker got nothing. */
  readonly held: boolean
  /** What was tried and what came of it, in plain words. */
  readonly evidence: readonly string[]
}

/** A narrator that writes to standard output. */
export function createNarrator(): Narrator {
  const failures: string[] = []
  let step = 0
  const say = (text: string): void => console.log(text)
  return {
    failures,
    intro: (lines) => say(`\n${lines.join('\n')}`),
    chapter: (title) => say(`\n${styleText('bold', title)}`),
    hop: (what, seen = {}) => {
      step += 1
      say(`\n${styleText('cyan', `${step}.`)} ${what}`)
      for (const [party, sees] of Object.entries(seen)) {
        say(`   ${styleText('dim', `${party} sees:`)} ${sees}`)
      }
    },
    attack: (name, { held, evidence }) => {
      if (!held) failures.push(name)
      const mark = held ? styleText('green', '✓ held') : styleText('red', '✗ BROKEN')
      say(`\n${mark}  ${name}`)
      for (const line of evidence) say(`   ${line}`)
    },
  }
}
