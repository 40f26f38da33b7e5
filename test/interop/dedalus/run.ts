/**
 * `npm run test:dedalus`: the public Dedalus clients from PyPI, unchanged, against a real Holdfast.
 * Needs Python and, the first time, PyPI. Exits with 1 when anything does not hold.
 */
import { checkCredential, checkSecrecy } from './credential.ts'
import { checkDiscovery } from './discovery.ts'
import { checkDispatch } from './dispatch.ts'
import { checkOtherGrants } from './other-grants.ts'
import { pythonEnvironment } from './python-environment.ts'
import { checkEnds, checkRefusals } from './refusals.ts'
import { createReport } from './report.ts'
import { createSetting } from './setting.ts'

const report = createReport()
const setting = await createSetting(pythonEnvironment(console.log))
try {
  // Before discovery, because signing in offers what is connected.
  const handle = await checkCredential(report, setting)
  await checkDiscovery(report, setting)
  const token = await checkDispatch(report, setting, handle)
  await checkRefusals(report, setting, { kind: 'bearer', token })
  await checkOtherGrants(report, setting, token)
  await checkEnds(report, setting, token, handle)
  await checkSecrecy(report, setting)
} finally {
  await setting.close()
}
console.log(`\n${report.passed} passed, ${report.failed} failed`)
if (report.failed > 0) process.exitCode = 1
