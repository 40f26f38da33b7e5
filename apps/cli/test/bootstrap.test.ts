import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../src/config.ts'
import { tempDir } from './temp-dir.ts'

const lockFile = {
  packages: {
    '': { name: 'x' },
    'node_modules/needed': { version: '1.0.0' },
    'node_modules/dev-only': { version: '2.0.0', dev: true },
    'node_modules/other-platform': { version: '3.0.0', os: ['aix'], optional: true },
    'node_modules/linked': { resolved: 'apps/linked', link: true },
  },
}

const installedAll = {
  packages: {
    'node_modules/needed': { version: '1.0.0' },
    'node_modules/dev-only': { version: '2.0.0' },
  },
}

/**
 * A project with our bootstrap, this Node as the pinned one, and an `npm` that writes down each call
 * and "installs" what it is told. The folder has a space in its name.
 */
function project(options: { installed?: object; npm?: string } = {}): string {
  const root = path.join(tempDir(), 'a project')
  mkdirSync(path.join(root, 'scripts'), { recursive: true })
  cpSync(
    path.join(projectRoot, 'scripts', 'bootstrap.mjs'),
    path.join(root, 'scripts/bootstrap.mjs'),
  )
  cpSync(path.join(projectRoot, 'scripts', 'bootstrap'), path.join(root, 'scripts/bootstrap'), {
    recursive: true,
  })
  writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify(lockFile))
  mkdirSync(path.join(root, 'apps/cli/src'), { recursive: true })
  writeFileSync(
    path.join(root, 'apps/cli/src/main.ts'),
    `const [mode] = process.argv.slice(2)
     if (mode === 'exit') process.exit(42)
     if (mode === 'wait') {
       process.on('SIGTERM', () => process.exit(7))
       setInterval(() => undefined, 1000)
     }
     console.log(JSON.stringify({ args: process.argv.slice(2), flags: process.execArgv, path: process.env.PATH }))`,
  )
  installNode(root)
  if (options.installed) {
    writeFileSync(
      path.join(root, 'node_modules/.package-lock.json'),
      JSON.stringify(options.installed),
    )
  }
  mkdirSync(path.join(root, 'bin'))
  const npm = path.join(root, 'bin', 'npm')
  const record = `echo call >> "${root}/npm-calls"`
  const install = `echo '${JSON.stringify(installedAll)}' > "${root}/node_modules/.package-lock.json"`
  writeFileSync(npm, `#!/bin/sh\n${record}\nsleep 0.3\n${options.npm ?? install}\n`)
  chmodSync(npm, 0o755)
  return root
}

function installNode(root: string): void {
  const name = `node-${process.platform}-${process.arch}`
  const bin = path.join(root, 'node_modules', name, 'bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(process.execPath, path.join(bin, 'node'))
  const manifest = JSON.stringify({ version: process.versions.node })
  writeFileSync(path.join(bin, '..', 'package.json'), manifest)
}

async function bootstrap(
  root: string,
  args: readonly string[],
  onStart?: (child: ReturnType<typeof spawn>) => void,
): Promise<{ code: number | null; stdout: string; stderr: string; npmCalls: number }> {
  const child = spawn(process.execPath, [path.join(root, 'scripts/bootstrap.mjs'), ...args], {
    cwd: root,
    env: { PATH: `${path.join(root, 'bin')}:/usr/bin:/bin` },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  onStart?.(child)
  const [code] = (await once(child, 'close')) as [number | null]
  const calls = path.join(root, 'npm-calls')
  const npmCalls = existsSync(calls) ? readFileSync(calls, 'utf8').split('\n').length - 1 : 0
  return { code, stdout, stderr, npmCalls }
}

describe('installing', () => {
  it('happens when nothing is installed, and never twice', async () => {
    const root = project()
    const first = await bootstrap(root, ['holdfast', 'x'])
    expect(first).toMatchObject({ code: 0, npmCalls: 1 })
    expect(first.stderr).toContain('Installing 2 packages with npm ci (nothing is installed yet)')
    expect(first.stderr).toMatch(/Installed in \d+ s\./)
    const second = await bootstrap(root, ['holdfast', 'x'])
    expect(second).toMatchObject({ code: 0, npmCalls: 1, stderr: '' })
  })

  it('is done once by two that start together', async () => {
    const root = project()
    const [one, two] = await Promise.all([
      bootstrap(root, ['holdfast', 'x']),
      bootstrap(root, ['holdfast', 'x']),
    ])
    expect([one.code, two.code]).toEqual([0, 0])
    expect(Math.max(one.npmCalls, two.npmCalls)).toBe(1)
    expect(one.stderr + two.stderr).toMatch(/Another install \(pid \d+\) is running here/)
  })

  it('is not held up by the lock of a dead process', async () => {
    const root = project()
    const gone = spawn(process.execPath, ['-e', ''])
    await once(gone, 'exit')
    writeFileSync(path.join(root, '.install.lock'), String(gone.pid))
    expect(await bootstrap(root, ['holdfast', 'x'])).toMatchObject({ code: 0, npmCalls: 1 })
    expect(existsSync(path.join(root, '.install.lock'))).toBe(false)
  })

  it('is repeated when package-lock.json has changed', async () => {
    const root = project()
    await bootstrap(root, ['holdfast', 'x'])
    const changed = { packages: { ...lockFile.packages, 'node_modules/linked': { link: true } } }
    writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify(changed))
    const again = await bootstrap(root, ['holdfast', 'x'])
    expect(again.npmCalls).toBe(2)
    expect(again.stderr).toContain('package-lock.json has changed')
  })

  it('is repeated on another platform', async () => {
    const root = project()
    await bootstrap(root, ['holdfast', 'x'])
    const stampFile = path.join(root, 'node_modules/.holdfast-install.json')
    const stamp = JSON.parse(readFileSync(stampFile, 'utf8')) as object
    writeFileSync(stampFile, JSON.stringify({ ...stamp, platform: 'aix-ppc64' }))
    const again = await bootstrap(root, ['holdfast', 'x'])
    expect(again.stderr).toContain('installed for aix-ppc64')
  })

  it('is left out for a tree that npm itself has installed', async () => {
    const root = project({ installed: installedAll })
    expect(await bootstrap(root, ['holdfast', 'x'])).toMatchObject({ code: 0, npmCalls: 0 })
  })

  it('without development packages is enough to run, but not to test', async () => {
    const root = project({
      installed: { packages: { 'node_modules/needed': { version: '1.0.0' } } },
    })
    expect(await bootstrap(root, ['holdfast', 'x'])).toMatchObject({ code: 0, npmCalls: 0 })
    writeFileSync(path.join(root, 'scripts/test.mjs'), '')
    expect(await bootstrap(root, ['test'])).toMatchObject({ code: 0, npmCalls: 1 })
  })

  it('that fails shows what npm said and one thing to do, and the next run tries again', async () => {
    const root = project({ npm: 'echo "npm error code ENOTFOUND"; exit 1' })
    const failed = await bootstrap(root, ['holdfast', 'x'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('npm error code ENOTFOUND')
    expect(failed.stderr).toContain('Fix: the package registry is not reachable')
    expect((await bootstrap(root, ['holdfast', 'x'])).npmCalls).toBe(2)
  })

  it('hides the noise of engines that do not match', async () => {
    const install = `echo '${JSON.stringify(installedAll)}' > node_modules/.package-lock.json`
    const root = project({ npm: `echo "npm warn EBADENGINE Unsupported engine" >&2; ${install}` })
    expect((await bootstrap(root, ['holdfast', 'x'])).stderr).not.toContain('EBADENGINE')
  })
})

describe('handing over', () => {
  it('runs the script on the pinned Node, from source, with our tools on PATH', async () => {
    const root = project({ installed: installedAll })
    const { stdout } = await bootstrap(root, ['start', '--port', '5000'])
    const seen = JSON.parse(stdout) as { args: string[]; flags: string[]; path: string }
    expect(seen.args).toEqual(['up', '--port', '5000'])
    expect(seen.flags).toEqual(['--conditions=@holdfast/source'])
    expect(seen.path.split(':')[0]).toBe(path.join(root, 'node_modules/.bin'))
  })

  it('passes the exit code on', async () => {
    const root = project({ installed: installedAll })
    expect((await bootstrap(root, ['holdfast', 'exit'])).code).toBe(42)
  })

  it('forwards signals', async () => {
    const root = project({ installed: installedAll })
    const { code } = await bootstrap(root, ['holdfast', 'wait'], (child) => {
      child.stdout?.once('data', () => child.kill('SIGTERM'))
    })
    expect(code).toBe(7)
  })

  it('is ended by SIGINT to npm alone, as a process manager sends it', async () => {
    const root = project({ installed: installedAll })
    const manifest = readFileSync(path.join(projectRoot, 'package.json'), 'utf8')
    const { scripts } = JSON.parse(manifest) as { scripts: Readonly<Record<string, string>> }
    writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: 'x', scripts }))
    const npm = spawn('npm', ['run', '-s', 'holdfast', '--', 'wait'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(npm.stdout, 'data')
    npm.kill('SIGINT')
    const [code, signal] = (await once(npm, 'exit')) as [number | null, string | null]
    expect(code ?? signal).not.toBe(0)
  })

  it('answers an unknown verb with 2', async () => {
    const { code, stderr } = await bootstrap(project({ installed: installedAll }), ['toString'])
    expect(code).toBe(2)
    expect(stderr).toContain('use start | holdfast | test | demo | bench')
  })
})
