import type { Facts, FindingName, FindingView } from '../../contract.ts'
import type { Told } from './en-server.ts'

type Say = (facts: Facts) => readonly [found: string, remedy?: string]

const CHECKS: Readonly<Record<string, string>> = {
  node: '运行环境',
  version: '版本',
  security: '安全',
  role: '角色',
  eviction: '淘汰策略',
  memory: '内存',
  persistence: '持久化',
  latency: '延迟',
  clock: '时钟',
  rights: '权限',
  schema: '键格式',
  schedules: '定时',
  workers: '工作进程',
  queue: '队列',
}

const AOF = 'CONFIG SET appendonly yes，并写入 redis.conf'

const FINDINGS: Readonly<Record<FindingName, Say>> = {
  node: ({ version }) => [`Node ${version}`],
  'node-old': ({ version }) => [`Node ${version}`, 'rqts 需要 Node 20.19 或更新版本'],
  version: ({ server, version }) => [`${server} ${version}`],
  'version-unsaid': () => ['服务器没有说明版本', '请允许这个用户执行 INFO'],
  'version-old': ({ server, version }) => [`${server} ${version}`, 'rqts 需要 Redis 6.2 或更新版本，或者 Valkey'],
  security: () => ['这个版本没有已知漏洞'],
  'security-hole': ({ server, version, cves, upgradeTo }) => [
    `${server} ${version} 没有修复这些漏洞：${cves}`,
    `请升级到 ${server} ${upgradeTo} 或更新版本（除非发行版已在其软件包中修复）；只让自己的程序连接`,
  ],
  replica: ({ master }) => ['这是一个只读副本，不能写入', `请连接主节点 ${master}`],
  eviction: () => ['noeviction：任务不会丢失'],
  'eviction-now': ({ policy }) => [
    `maxmemory-policy 是 ${policy}：内存满时会丢失任务`,
    'CONFIG SET maxmemory-policy noeviction，并写入 redis.conf',
  ],
  'eviction-later': ({ policy }) => [
    `maxmemory-policy 是 ${policy}：一旦设置 maxmemory 就可能丢失任务`,
    'CONFIG SET maxmemory-policy noeviction，并写入 redis.conf',
  ],
  memory: ({ used, limit, percent }) => [`已用 ${used}，上限 ${limit}（${percent}%）`],
  'memory-unlimited': ({ used }) => [`已用 ${used}，没有上限`],
  'memory-scarce': ({ used, limit, percent }) => [
    `已用 ${used}，上限 ${limit}（${percent}%）`,
    '请提高 maxmemory，缩短 resultTtl 和 failureTtl，或删除已结束的任务：rqts delete --all',
  ],
  'disk-failed': ({ status }) => [`最近一次写入磁盘失败（${status}）`, '请查看 Redis 的日志；常见原因是磁盘已满'],
  aof: () => ['追加文件（AOF）：崩溃最多丢失约一秒的数据'],
  'disk-unsaid': () => ['没有追加文件（AOF）；是否有快照，服务器没有说明', '请询问它的管理员'],
  snapshots: ({ save }) => [`只有快照（save ${save}）：崩溃会丢失最近一次快照之后的数据`, AOF],
  'no-disk': () => ['没有任何数据写入磁盘：重启会丢失所有任务', AOF],
  latency: ({ median, worst }) => [`20 次往返：中位数 ${median}，最慢 ${worst}`],
  'latency-high': ({ median, worst }) => [
    `20 次往返：中位数 ${median}，最慢 ${worst}`,
    '请让工作进程靠近 Redis 运行；用 SLOWLOG GET 查找慢命令',
  ],
  clock: ({ off }) => [`与 Redis 的时钟相差 ${off} 以内`],
  'clock-off': ({ off, where }) => [
    `比 Redis 的时钟${where === 'behind' ? '慢' : '快'} ${off}，任务何时运行由 Redis 的时钟决定`,
    '请同步时钟（NTP）',
  ],
  rights: () => ['这个用户可以执行 rqts 需要的命令'],
  'rights-missing': ({ commands, grant }) => [`这个用户不能执行 ${commands}`, `ACL SETUSER NAME ~PREFIX:* &PREFIX:* ${grant}`],
  schema: ({ version }) => [`键是第 ${version} 版格式，这个 rqts 可以读写`],
  'schema-other': ({ version, queues, more }) => [
    `这个 rqts 只认识第 ${version} 版的键，不认识 ${queues}${Number(more) > 0 ? ` 以及另外 ${more} 个队列` : ''}`,
    '更新版本的 rqts 写入了这些键：请升级，npm install rqts@latest',
  ],
  schedules: ({ count, ticker }) => [`${count} 个定时任务，由 ${ticker} 触发`],
  'schedules-unfired': ({ count }) => [
    `没有进程触发这 ${count} 个定时任务`,
    '请启动一个不带 --no-scheduler 的工作进程，或运行 rqts scheduler',
  ],
  'schedules-late': ({ count, ticker, late }) => [
    `${count} 个定时任务中最晚的一个迟了 ${late}`,
    `请查看触发它们的 ${ticker} 的日志；时间由代码（next）决定的定时任务需要有这段代码的进程`,
  ],
  workers: ({ live }) => [`${live} 个在线的工作进程`],
  'workers-lost': ({ live, lost }) => [
    `${live} 个在线的工作进程，最近一小时有 ${lost} 个失联`,
    '请查明它们结束的原因：内存，还是信号？它们的任务已交给其他进程',
  ],
  'queue-paused': ({ queue, queued }) => [`${queue} 已暂停，${queued} 个任务在等待`, `rqts resume ${queue}`],
  'queue-unserved': ({ queue, jobs, since }) => [
    `${queue} 中有 ${jobs} 个任务在等待${since === '' ? '' : `，最久 ${since}`}，没有工作进程为它服务`,
    `rqts worker ${queue}`,
  ],
}

export function zhFinding({ check, what, facts }: FindingView): Told {
  const [found, remedy = null] = FINDINGS[what](facts)
  return { check: CHECKS[check] ?? check, found, remedy }
}
