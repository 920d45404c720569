import { describe, expect, it, onTestFinished } from 'vitest'
import { Schedules, schedule } from '../../lib/index.ts'
import { golden, hasPty, type Scene, scene, TASKS, until, withoutHoldUps } from './cli.ts'

// What commands print that no other file here holds word for word.

/** As a terminal shows it, however wide a time or a size was. */
function plain(text: string, s: Scene): string {
  return golden(text.replaceAll('\r\n', '\n'), s)
    .replace(/\bin \d+[dhms]( \d+[hms])?/g, 'in N')
    .replace(/^waiting for Redis; .*$/m, '')
    .replace(/ *\b\d+m \d+s\b/g, ' N')
    .replace(/Node \d+\.\d+\.\d+/g, 'Node VERSION')
    .replace(/ {2,}/g, '  ')
}

/** The same of JSON: what differs from run to run by its type, all else as it is. */
function shape(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => shape(one))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shape(one, key)]))
  if (typeof value === 'number' && /Ms$|^(pid|memory|succeeded|rev|cpus|process|oneByOne|inBulk|p\d\d)$/.test(name)) return 'number'
  if (typeof value !== 'string') return value
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return 'DATE'
  return /^(version|node|host|model|redis|ticker|dir)$/.test(name) ? name.toUpperCase() : value
}

async function json(s: Scene, ...args: string[]): Promise<unknown> {
  return shape(await s.json<unknown>(...args))
}

describe.runIf(hasPty)('the first screen', () => {
  it('of rqts top', async () => {
    const s = await scene()
    for (let i = 1; i <= 3; i++) await s.queue('mail').enqueue('add', [i, i], { jobId: `m${i}` })
    await s.queue('newsletter').enqueue('add', [1, 2], { jobId: 'n1', delay: '1h' })
    await s.queue('reports').pause()
    const top = s.terminal('top')
    const screen = await top.shows(/No workers[^]*quit/)
    expect(plain(screen.join('\n').replace(/\n{3,}/, '\n⋮\n'), s)).toMatchInlineSnapshot(`
      "rqts VERSION  REDIS  Redis VERSION N  TIME
      queues and workers
        QUEUE  WAITING OLDEST  RUN  SCHED  FAILED  WORKERS  /MIN  P95
      › mail  ██████████ 3 N  0  0  0  none!  –  –
        newsletter  0  –  0  1  0  none!  –  –
        reports  0  –  0  0  0  paused  –  –

        No workers: start one with \`rqts worker\`.

      ! jobs wait and no worker serves mail, newsletter: rqts worker mail newsletter
      ⋮
      enter jobs  p pause/resume  E empty  tab workers  a all jobs  q quit  ? keys"
    `)
    top.type('?')
    const help = await top.shows(/A capital letter/)
    expect(
      plain(
        help
          .slice(1)
          .join('\n')
          .replace(/\n{3,}/, '\n⋮\n'),
        s,
      ),
    ).toMatchInlineSnapshot(`
      "queues and workers

        ↑ ↓ j k  move
        PgUp PgDn  a page
        g Home, End  first, last
        Esc ⌫ q  back; q on the first page ends
        ?  these keys
        Ctrl-C  end

        enter  jobs
        p  pause/resume
        E  empty
        tab  workers
        a  all jobs

        A capital letter does what cannot be undone: Shift means that you are sure.
      ⋮
      enter jobs  p pause/resume  E empty  tab workers  a all jobs  q quit  ? keys"
    `)
    top.type('\r')
    top.type('\r')
    const jobs = await top.shows(/all jobs of mail[^]*m3[^]*1–3[^]*back/)
    expect(
      plain(
        jobs
          .slice(1)
          .join('\n')
          .replace(/\n{3,}/, '\n⋮\n'),
        s,
      ),
    ).toMatchInlineSnapshot(`
      "all jobs of mail
        ID  STATUS  QUEUE AGE  JOB
      › m1  queued  mail N  add(1, 1)
        m2  queued  mail N  add(2, 2)
        m3  queued  mail N  add(3, 3)

        1–3
      ⋮
      enter open  ←→ status  r requeue  n run now  C cancel  D delete  esc back"
    `)
    top.type('\r')
    const job = await top.shows(/job m1 in mail[^]*failure kept[^]*back/)
    expect(
      plain(
        job
          .slice(1)
          .join('\n')
          .replace(/\n{3,}/, '\n⋮\n'),
        s,
      ),
    ).toMatchInlineSnapshot(`
      "job m1 in mail
      add  m1
        queue  mail
        status  queued
        args  [ 1, 1 ]
        attempt  0
        created  DATE
        enqueued  DATE
        limits  timeout 3m · result kept N · failure kept 365d
      ⋮
      l log  r requeue  n run now  C cancel  D delete  esc back  ? keys"
    `)
  })

  it('of rqts dev', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const dev = s.terminal('dev', '--no-color', '--no-dashboard')
    await dev.seen(/\d ready/)
    dev.type('?')
    await dev.seen(/q {2}quit/)
    dev.type('q')
    const { code, stdout } = await dev.exited
    expect(code).toBe(0)
    expect(plain(withoutHoldUps(stdout), s).replace(/worker \S+$/m, 'worker NAME')).toMatchInlineSnapshot(`
      "TIME ? shows the keys, q quits

        rqts VERSION  worker NAME
        redis  REDIS  (Redis VERSION)
        queues  default
        pool  async, concurrency 10
        tasks  5 tasks from tasks.mjs: add, boom, greet, hang, talk

      TIME WARN Redis keeps nothing on disk, so a restart loses all jobs: CONFIG SET appendonly yes
      TIME ready
        r  reload the worker
        p  pause or resume it
        i  queues and workers
        f  failed jobs
        o  open the dashboard
        c  clear the screen
        q  quit
      TIME stopping: 0 running (Ctrl-C again puts them back at once)
      TIME done: 0 jobs, 0 succeeded, 0 failed
      "
    `)
  })
})

describe('word for word', () => {
  it('rqts jobs --json', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('boom', [], { jobId: 'bad' })
    await s.run('worker', '--burst', '--name', 'w1')
    await s.queue().enqueue('add', [3, 4], { jobId: 'next' })
    expect(await json(s, 'jobs')).toMatchInlineSnapshot(`
      {
        "complete": true,
        "jobs": [
          {
            "attempt": 0,
            "createdAt": "DATE",
            "description": "add(3, 4)",
            "endedAt": null,
            "enqueuedAt": "DATE",
            "error": null,
            "id": "next",
            "queue": "default",
            "runAt": null,
            "startedAt": null,
            "status": "queued",
            "task": "add",
            "worker": null,
          },
          {
            "attempt": 1,
            "createdAt": "DATE",
            "description": "boom()",
            "endedAt": "DATE",
            "enqueuedAt": "DATE",
            "error": {
              "message": "it broke",
              "name": "TypeError",
            },
            "id": "bad",
            "queue": "default",
            "runAt": null,
            "startedAt": "DATE",
            "status": "failed",
            "task": "boom",
            "worker": "w1",
          },
        ],
        "nextOffset": null,
        "searched": 2,
        "total": 2,
      }
    `)
  })

  it('rqts workers', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const worker = s.start('worker', '--name', 'w1', '-c', '2')
    await worker.seen(/"ready"/)
    let list = ''
    await until('Redis hears that it is ready', async () => (list = (await s.run('workers')).stdout).includes(' idle '))
    expect(plain(list, s)).toMatchInlineSnapshot(`
      "WORKER  STATE  QUEUES  RUN  DONE  FAIL  MEM BEAT  JOB
      w1  idle  default  0/2  0  0 N N ago  –
      1 worker
      "
    `)
    expect(await json(s, 'workers')).toMatchInlineSnapshot(`
      [
        {
          "concurrency": 2,
          "failed": 0,
          "heartbeatAgeMs": "number",
          "host": "HOST",
          "jobs": [],
          "memory": "number",
          "name": "w1",
          "pid": "number",
          "pool": "async",
          "queues": [
            "default",
          ],
          "state": "idle",
          "succeeded": "number",
        },
      ]
    `)
    let asked = ''
    await until('it answers in time', async () => !(asked = (await s.run('workers', 'w1')).stdout).includes('did not answer'))
    expect(plain(asked, s).replace(/host.*|versions.*/g, '…')).toMatchInlineSnapshot(`
      "w1
        state  idle
        …
        since  DATE
        queues  default
        pool  async, concurrency 2
        memory N
        …
        tasks  add, boom, greet, hang, talk
        done  0 succeeded, 0 failed
        runs  nothing
      "
    `)
  })

  it('rqts workers NAME, concurrency and stop with --json', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    const worker = s.start('worker', '--name', 'w1', '-c', '2')
    await worker.seen(/"ready"/)
    let asked: unknown
    await until('it answers in time', async () => ((asked = await s.json('workers', 'w1')) as { answered: boolean }).answered)
    expect(shape(asked)).toMatchInlineSnapshot(`
      {
        "answered": true,
        "concurrency": 2,
        "failed": 0,
        "heartbeatAgeMs": "number",
        "host": "HOST",
        "jobs": [],
        "memory": "number",
        "name": "w1",
        "node": "NODE",
        "pid": "number",
        "pids": [],
        "pool": "async",
        "queues": [
          "default",
        ],
        "startedAt": "DATE",
        "state": "idle",
        "succeeded": "number",
        "tasks": [
          "add",
          "boom",
          "greet",
          "hang",
          "talk",
        ],
        "version": "VERSION",
      }
    `)
    expect(await json(s, 'concurrency', 'w1', '3')).toMatchInlineSnapshot(`
      {
        "concurrency": 3,
        "worker": "w1",
      }
    `)
    expect(await json(s, 'stop', 'w1')).toMatchInlineSnapshot(`
      {
        "force": false,
        "jobs": [],
        "stopping": true,
        "worker": "w1",
      }
    `)
    expect((await worker.exited).code).toBe(0)
  })

  it('rqts schedule', async () => {
    const s = await scene()
    const where = { connection: s.url, prefix: s.prefix }
    onTestFinished(() => Schedules.remove('report', where).then(() => undefined))
    await schedule('report', 'add', [1, 2], { cron: '* 8 * * 1', queue: 'reports', startAt: new Date('2100-01-01') }, where)
    expect(plain((await s.run('schedule', 'ls')).stdout, s)).toMatchInlineSnapshot(`
      "NAME  NEXT  LAST  WHEN  TASK
      report  in N  –  every minute from 08:00 to 08:59 on Monday  add → reports
      "
    `)
    expect(plain((await s.run('schedule', 'show', 'report')).stdout, s)).toMatchInlineSnapshot(`
      "report
        task  add → reports
        args  [1,2]
        when  every minute from 08:00 to 08:59 on Monday  * 8 * * 1
        state  active
        runs  0
        rules  overlap allow · misfire once
        from  DATE
        changed  DATE
        warning  '* 8 * * 1' fires in every minute of the hour, 60 times: write 0 as the minute for once
        next
        DATE
        DATE
        DATE
        DATE
        DATE
      "
    `)
    expect(await json(s, 'schedule', 'show', 'report')).toMatchInlineSnapshot(`
      {
        "args": [
          1,
          2,
        ],
        "createdAt": "DATE",
        "endAt": null,
        "expression": "* 8 * * 1",
        "graceTime": null,
        "history": [],
        "jitter": 0,
        "lastRun": null,
        "lastRunAt": null,
        "limit": null,
        "misfire": "once",
        "name": "report",
        "nextRunAt": "DATE",
        "options": {},
        "overlap": "allow",
        "paused": false,
        "queue": "reports",
        "runs": 0,
        "startAt": "DATE",
        "state": "active",
        "task": "add",
        "trigger": {
          "cron": "* 8 * * 1",
          "kind": "cron",
        },
        "tz": "UTC",
        "upcoming": [
          "DATE",
          "DATE",
          "DATE",
          "DATE",
          "DATE",
        ],
        "updatedAt": "DATE",
        "warnings": [
          "'* 8 * * 1' fires in every minute of the hour, 60 times: write 0 as the minute for once",
        ],
        "words": "every minute from 08:00 to 08:59 on Monday",
      }
    `)
    expect(await json(s, 'schedule', 'skip', 'report')).toMatchInlineSnapshot(`
      [
        {
          "name": "report",
          "nextRunAt": "DATE",
          "skipped": "DATE",
        },
      ]
    `)
    expect(await json(s, 'schedule', 'resume', 'report')).toMatchInlineSnapshot(`
      [
        {
          "name": "report",
          "nextRunAt": "DATE",
          "paused": false,
        },
      ]
    `)
  })

  it('rqts schedule run, pause, resume, skip, rm', async () => {
    const s = await scene()
    const where = { connection: s.url, prefix: s.prefix }
    onTestFinished(() => Schedules.remove('report', where).then(() => undefined))
    await schedule('report', 'add', [1, 2], { cron: '* 8 * * 1', queue: 'reports', startAt: new Date('2100-01-01') }, where)
    const texts: string[] = []
    for (const action of ['run', 'pause', 'resume', 'skip', 'rm']) texts.push((await s.run('schedule', action, 'report')).stdout)
    expect(plain(texts.join(''), s).replace(/report-\d+-\w+/, 'ID')).toMatchInlineSnapshot(`
      "report runs once more, as job ID in reports
      report is paused
      report goes on; next at DATE
      report leaves out the run at DATE; next at DATE
      report is removed; jobs that it has enqueued go on
      "
    `)
  })

  it('rqts promote, cancel, requeue, pause with --json', async () => {
    const s = await scene({ 'tasks.mjs': TASKS })
    await s.queue().enqueue('add', [1, 2], { jobId: 'a', delay: '1h' })
    expect(await json(s, 'promote', 'a')).toMatchInlineSnapshot(`
      {
        "action": "promote",
        "count": 1,
        "dryRun": false,
        "failed": [],
        "ids": [
          "a",
        ],
      }
    `)
    expect(await json(s, 'cancel', 'a')).toMatchInlineSnapshot(`
      {
        "action": "cancel",
        "count": 1,
        "dryRun": false,
        "failed": [],
        "ids": [
          "a",
        ],
      }
    `)
    expect(await json(s, 'requeue', 'a')).toMatchInlineSnapshot(`
      {
        "action": "requeue",
        "count": 1,
        "dryRun": false,
        "failed": [],
        "ids": [
          "a",
        ],
      }
    `)
    expect(await json(s, 'pause', 'default')).toMatchInlineSnapshot(`
      {
        "queues": [
          {
            "name": "default",
            "paused": true,
          },
        ],
      }
    `)
    expect(await json(s, 'pause', 'default', '--for', '10m')).toMatchInlineSnapshot(`
      {
        "queues": [
          {
            "name": "default",
            "paused": true,
          },
        ],
      }
    `)
  })

  it('rqts scheduler and dashboard', async () => {
    const s = await scene()
    const scheduler = s.start('scheduler', '--name', 'beat', '--log-format', 'pretty')
    await scheduler.seen(/fires 0 schedules/)
    scheduler.signal('SIGINT')
    expect(plain((await scheduler.exited).stdout, s)).toMatchInlineSnapshot(`
      "TIME beat fires 0 schedules name=beat schedules=0 active=0
      TIME stopped name=beat
      "
    `)
    const dashboard = s.start('dashboard', '--port', '0', '--json')
    await dashboard.seen(/url/)
    dashboard.signal('SIGINT')
    const { code, stdout } = await dashboard.exited
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) })
  })

  it('rqts init, redis status', async () => {
    const s = await scene({ 'package.json': '{}' })
    expect(plain((await s.run('init')).stdout, s)).toMatchInlineSnapshot(`
      "written  tasks.ts
      written  app.ts
      written  rqts.config.ts
      changed  package.json

      Next:
        npx rqts dev  Redis if none runs, worker, scheduler, dashboard; reloads on save
        npx rqts enqueue add :2 :3 --wait  in another terminal: prints 5
        npx jiti app.ts  the same from a program
      "
    `)
    expect(plain((await s.run('redis', 'status')).stdout, s)).toMatchInlineSnapshot(`
      "does not run: rqts redis start. Its place is DIR/.rqts
      "
    `)
    expect(await json(s, 'redis', 'status')).toMatchInlineSnapshot(`
      {
        "dir": "DIR",
        "pid": null,
        "running": false,
        "url": null,
      }
    `)
  })

  it('rqts bench', async () => {
    const s = await scene()
    const { stdout } = await s.run('bench', '-n', '100', '-c', '5')
    expect(
      plain(
        stdout
          .replace(/^.*(?= × \d)/, 'CPU')
          .replace(/× \d+/, '× N')
          .replace(/[\d,.]+ (?=jobs\/s)/g, 'N ')
          .replace(/[\d,.]+ m?s (?=p)/g, 'N '),
        s,
      ),
    ).toMatchInlineSnapshot(`
      "CPU × N, Node VERSION, Redis VERSION, 100 jobs, concurrency 5
        enqueue, one by one  N jobs/s
        enqueue, in bulk  N jobs/s
        process  N jobs/s
        enqueue to start  N p50  N p95  N p99
        enqueue to result  N p50  N p95  N p99
      "
    `)
  })
})
