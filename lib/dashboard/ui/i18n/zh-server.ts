import type { ApiError, BulkView, ChangeRefusal, Facts, JobAction, JobState, RefusalName, SearchProblemName } from '../../contract.ts'
import type { enServer } from './en-server.ts'
import type { Translated } from './index.ts'
import { zhFinding } from './zh-findings.ts'
import { zhScheduleWords } from './zh-schedule.ts'

const ACTIONS: Readonly<Record<JobAction, string>> = { requeue: '重新入队', cancel: '取消', delete: '删除', promote: '立即运行' }
const STATES: Readonly<Record<JobState, string>> = {
  queued: '正在等待',
  started: '正在运行',
  finished: '已完成',
  failed: '已失败',
  deferred: '在等待依赖',
  scheduled: '已计划稍后运行',
  stopped: '已停止',
  canceled: '已取消',
  expired: '已过期',
}

const LEFT_ALONE: Readonly<Record<ChangeRefusal, (facts: Facts) => string>> = {
  gone: () => '任务已不存在',
  state: ({ state }) => `任务${STATES[state as JobState] ?? `状态为 ${state}`}`,
  unique: ({ by }) => `唯一键被任务 ${by} 占用`,
  workflow: () => '它在等待工作流中失败的其他任务',
}

const REFUSALS: Readonly<Record<Exclude<RefusalName, ChangeRefusal>, (facts: Facts) => string>> = {
  'read-only': () => '这个仪表盘是只读的',
  'look-only': () => '你只能查看，不能修改',
  elsewhere: () => '这个仪表盘只接受来自本机的访问',
  guesses: ({ seconds }) => `来自你地址的错误密码太多：请在 ${seconds} 秒后重试`,
  streams: ({ most }) => `已经打开了 ${most} 个实时连接`,
  bulks: ({ running }) => `有 ${running} 个批量操作正在进行：请等其中一个结束`,
  'bulk-gone': () => '没有这个批量操作',
  'error-gone': () => '已经没有失败任务属于这种错误',
  field: ({ field }) => `“${field}”的值无效`,
  'field-whole': ({ field, min, max }) => `“${field}”必须是 ${min} 到 ${max} 之间的整数`,
  search: () => '搜索条件不明确：请先改正',
  'every-job': () => '这会涉及所有任务：请至少指定状态或队列',
  times: (facts) => `时间设置无效（${Object.values(facts).join('，')}）：请检查表达式、间隔和时区`,
}

const CODES: Readonly<Record<string, string>> = {
  RQTS_BAD_NAME: '名称必须是 1 到 128 个字符：A-Z a-z 0-9 _ . : / -',
  RQTS_BAD_ID: '任务编号必须是 1 到 128 个字符：A-Z a-z 0-9 _ -',
  RQTS_BAD_DURATION: '时长无效：请写成 10s、3m 或 2d',
  RQTS_BAD_DATE: '日期无效',
  RQTS_BAD_OPTION: '输入的内容无效：请检查后重试',
  RQTS_BAD_TASK: '任务名称无效',
  RQTS_BAD_ARGS: '参数不符合任务的要求',
  RQTS_BAD_PAYLOAD: '参数无法保存',
  RQTS_PAYLOAD_TOO_LARGE: '内容太大',
  RQTS_DUPLICATE_JOB: '已经有同样编号或唯一键的任务',
  RQTS_UNKNOWN_DEPENDENCY: '它依赖的任务不存在',
  RQTS_DEPENDENCY_CYCLE: '依赖关系形成了环',
  RQTS_JOB_NOT_FOUND: '不存在或已被删除',
  RQTS_SCHEDULE_NOT_FOUND: '没有这个定时任务',
  RQTS_BAD_STATE: '当前状态下不能这样做',
  RQTS_SCHEMA_VERSION: '这个队列由更新版本的 rqts 写入：请升级',
  RQTS_CORRUPT: '记录已损坏，无法读取',
  RQTS_REDIS_UNAVAILABLE: '连接被拒绝或超时，请检查地址和网络。',
  RQTS_REDIS_FULL: 'Redis 内存已满，不接收新任务。请提高 maxmemory，或缩短结果的保留时间',
  RQTS_REDIS_ERROR: 'Redis 拒绝了命令。请检查用户、密码和权限（ACL）',
  RQTS_CLOSED: '连接已关闭',
  RQTS_UNAUTHORIZED: '请先登录',
  RQTS_CROSS_ORIGIN: '其他来源的页面不能修改这里的内容',
  RQTS_BAD_HOST: '仪表盘不接受这个主机名',
  RQTS_BUSY: '同时进行的操作太多：请稍后重试',
  RQTS_NOT_FOUND: '不存在',
  RQTS_DASHBOARD: '仪表盘内部出错：详情见它的日志',
}

const SEARCH: Readonly<Record<SearchProblemName, (facts: Facts) => string>> = {
  'search-long': ({ most }) => `只有前 ${most} 个字符有效`,
  'search-words': ({ most }) => `只有前 ${most} 个词有效`,
  'search-empty': ({ key }) => `${key}: 后面没有内容，请写成 ${key}:内容`,
  'search-state': ({ value }) => `没有状态“${value}”`,
  'search-since': ({ value }) => `since:${value} 不是时长，请写成 since:1h 或 since:2d`,
}

export const zhServer: Translated<typeof enServer> = {
  refusal: ({ code, what, facts, message }: ApiError['error']) => {
    if (what !== null && isChange(what))
      return `不能${ACTIONS[facts['action'] as JobAction] ?? '修改'}任务 ${facts['id']}：${LEFT_ALONE[what](facts)}`
    if (what !== null) return REFUSALS[what](facts)
    // What has no code of ours is said by the browser or by a proxy.
    return CODES[code] ?? (code.startsWith('RQTS_') ? `服务器拒绝了请求（${code}）` : message)
  },
  leftAlone: ({ what, facts }: BulkView['problems'][number]) => (what === null ? '操作中断：详情见仪表盘的日志' : LEFT_ALONE[what](facts)),
  searchProblem: ({ what, facts }) => SEARCH[what](facts),
  finding: zhFinding,
  scheduleWords: zhScheduleWords,
  scheduleWarning: ({ what }) =>
    what === 'every-minute'
      ? '会在那个小时的每一分钟运行，共 60 次：只运行一次请把分钟写成 0'
      : '会在那一分钟的每一秒运行，共 60 次：只运行一次请把秒写成 0',
  reasons: {
    error: '出错',
    timeout: '超时',
    lost: '进程失联',
    dependency: '依赖的任务失败',
    ttl: '等待超时',
    canceled: '已取消',
    stopped: '已停止',
    replaced: '被替换',
    corrupt: '无法读取',
  },
}

function isChange(what: RefusalName): what is ChangeRefusal {
  return what in LEFT_ALONE
}
