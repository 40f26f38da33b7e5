import type { Filter, Rule } from './seccomp.ts'
import type { LaunchProfile } from './launch-spec.ts'
import type { SyscallName } from './syscalls.ts'

const families = { unix: 1, inet: 2, inet6: 10, netlink: 16 }

/** CLONE_NEW* but CLONE_NEWTIME, whose bit is part of the exit signal in clone(2). */
const namespaceFlags = 0x7e020000
const newTimeNamespace = 0x80
const cloneThread = 0x00010000

/** Ways to change the machine, to look into other processes, or around a filter: nobody here needs them. */
const neverNeeded: readonly SyscallName[] = [
  // io_uring carries out operations that no filter sees.
  'io_uring_setup',
  'io_uring_enter',
  'io_uring_register',
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'pidfd_getfd',
  'kcmp',
  'process_madvise',
  'process_mrelease',
  'move_pages',
  'migrate_pages',
  'bpf',
  'userfaultfd',
  'perf_event_open',
  'add_key',
  'request_key',
  'keyctl',
  'mount',
  'umount2',
  'pivot_root',
  'chroot',
  'fsopen',
  'fsconfig',
  'fsmount',
  'fspick',
  'open_tree',
  'move_mount',
  'mount_setattr',
  'setns',
  'name_to_handle_at',
  'open_by_handle_at',
  'fanotify_init',
  'lookup_dcookie',
  'init_module',
  'finit_module',
  'delete_module',
  'kexec_load',
  'kexec_file_load',
  'reboot',
  'swapon',
  'swapoff',
  'acct',
  'quotactl',
  'quotactl_fd',
  'syslog',
  'personality',
  'iopl',
  'ioperm',
  'sethostname',
  'setdomainname',
  'settimeofday',
  'clock_settime',
  'clock_adjtime',
  'adjtimex',
  'vhangup',
  'tkill',
  'rt_sigqueueinfo',
  'rt_tgsigqueueinfo',
  'pidfd_send_signal',
]

const onlySelf = (pids: readonly number[]): Rule => ({
  calls: ['kill', 'tgkill'],
  when: { argument: 0, equals: pids },
  answer: 'allow',
})

// glibc falls back to clone(2), whose flags a filter can see; clone3 hides them behind a pointer.
const noClone3: Rule = { calls: ['clone3'], answer: 'ENOSYS' }

const onlyThreads: readonly Rule[] = [
  { calls: ['clone'], when: { argument: 0, anyBit: cloneThread }, answer: 'allow' },
  noClone3,
]

/**
 * The filter that the launcher sets before the worker's node starts: only then does libuv find
 * io_uring refused and fall back to epoll. It leaves out what the worker still needs to start.
 *
 * @param pids what the worker's own process id may be
 */
export function launchFilter(profile: LaunchProfile, pids: readonly number[]): Filter {
  const enclaveFamilies = [families.unix]
  const networkFamilies = [families.unix, families.inet, families.inet6, families.netlink]
  const allowed = profile === 'enclave' ? enclaveFamilies : networkFamilies
  return {
    rules: [
      { calls: ['socket'], when: { argument: 0, equals: allowed }, answer: 'allow' },
      { calls: ['socketpair'], when: { argument: 0, equals: enclaveFamilies }, answer: 'allow' },
      { calls: neverNeeded, answer: 'EPERM' },
      onlySelf(pids),
      {
        calls: ['unshare'],
        when: { argument: 0, anyBit: namespaceFlags | newTimeNamespace },
        answer: 'EPERM',
        otherwise: 'allow',
      },
      {
        calls: ['clone'],
        when: { argument: 0, anyBit: namespaceFlags },
        answer: 'EPERM',
        otherwise: 'allow',
      },
      noClone3,
    ],
    fallback: 'allow',
  }
}

/** The filter that every worker sets first of all: no new program, no new process. */
export const noSpawnFilter: Filter = {
  rules: [{ calls: ['execve', 'execveat', 'fork', 'vfork'], answer: 'EPERM' }, ...onlyThreads],
  fallback: 'allow',
}

const prctl = {
  getDumpable: 3,
  setName: 15,
  getName: 16,
  getSeccomp: 21,
  getNoNewPrivs: 39,
  setVma: 0x53564d41,
}
const ioctl = {
  isTerminal: 0x5401,
  windowSize: 0x5413,
  bytesToRead: 0x541b,
  nonBlocking: 0x5421,
  clearCloseOnExec: 0x5450,
  closeOnExec: 0x5451,
  interfaceName: 0x8910,
  interfaceFlags: 0x8913,
  interfaceAddress: 0x8927,
}

/** All that a sealed enclave may ask of the kernel, found by running its work under strace. */
const enclaveCalls: readonly SyscallName[] = [
  // Files: Landlock and the private root decide which.
  ...(['read', 'write', 'readv', 'writev', 'pread64', 'pwrite64', 'preadv', 'pwritev'] as const),
  ...([
    'open',
    'openat',
    'close',
    'close_range',
    'lseek',
    'fsync',
    'fdatasync',
    'ftruncate',
  ] as const),
  ...(['stat', 'lstat', 'fstat', 'newfstatat', 'statx', 'statfs', 'fstatfs', 'access'] as const),
  ...(['faccessat', 'faccessat2', 'readlink', 'readlinkat', 'getcwd', 'getdents64'] as const),
  ...(['unlink', 'unlinkat', 'fcntl', 'dup', 'dup2', 'dup3', 'pipe2', 'fadvise64'] as const),
  // Sockets that exist already, and new Unix connections to the relay.
  ...(['connect', 'accept', 'accept4', 'sendto', 'sendmsg', 'recvfrom', 'recvmsg'] as const),
  ...(['shutdown', 'getsockopt', 'setsockopt', 'getsockname', 'getpeername'] as const),
  ...(['epoll_create1', 'epoll_ctl', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2'] as const),
  ...(['poll', 'ppoll', 'eventfd2', 'timerfd_create', 'timerfd_settime'] as const),
  // Memory; memfd_secret holds keys where no other process sees them.
  ...(['mmap', 'munmap', 'mprotect', 'mremap', 'madvise', 'brk', 'mincore', 'msync'] as const),
  ...(['mlock', 'mlock2', 'munlock', 'memfd_secret', 'membarrier', 'get_mempolicy'] as const),
  ...(['pkey_alloc', 'pkey_free', 'pkey_mprotect', 'arch_prctl'] as const),
  // Threads, signals, time, identity.
  ...(['futex', 'futex_waitv', 'set_robust_list', 'rseq', 'set_tid_address', 'gettid'] as const),
  ...(['sched_yield', 'sched_getaffinity', 'sched_getparam', 'sched_getscheduler'] as const),
  ...(['sched_get_priority_max', 'sched_get_priority_min', 'restart_syscall'] as const),
  ...([
    'rt_sigaction',
    'rt_sigprocmask',
    'rt_sigreturn',
    'sigaltstack',
    'exit',
    'exit_group',
  ] as const),
  ...(['clock_gettime', 'clock_getres', 'clock_nanosleep', 'nanosleep', 'gettimeofday'] as const),
  ...(['time', 'times', 'getrusage', 'getrlimit', 'sysinfo', 'uname', 'getrandom'] as const),
  ...(['getpid', 'getppid', 'getuid', 'geteuid', 'getgid', 'getegid', 'getpgrp'] as const),
  ...(['getresuid', 'getresgid', 'capget'] as const),
]

/**
 * The last filter of a sealed enclave: an allow list. It can accept and connect Unix sockets, but no
 * longer listen, create a network socket, start anything, signal anybody or make itself dumpable.
 *
 * @param pid the enclave's own process id
 */
export function sealFilter(pid: number): Filter {
  return {
    rules: [
      { calls: enclaveCalls, answer: 'allow' },
      {
        calls: ['socket', 'socketpair'],
        when: { argument: 0, equals: [families.unix] },
        answer: 'allow',
      },
      { calls: ['prctl'], when: { argument: 0, equals: Object.values(prctl) }, answer: 'allow' },
      { calls: ['ioctl'], when: { argument: 1, equals: Object.values(ioctl) }, answer: 'allow' },
      { calls: ['prlimit64'], when: { argument: 2, isNull: true }, answer: 'allow' },
      onlySelf([pid]),
      ...onlyThreads,
    ],
    fallback: 'EPERM',
  }
}
