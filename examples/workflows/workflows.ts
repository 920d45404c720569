import { chain, chord, chunks, group, map, task } from 'rqts'

const fetchPage = task({ name: 'fetchPage', queue: 'network', retry: 3 }, async (url: string) => await (await fetch(url)).text())
const countWords = task('countWords', (text: string) => text.split(/\s+/).length)
const sum = task('sum', (counts: readonly (number | undefined)[]) => counts.reduce<number>((all, n) => all + (n ?? 0), 0))
const report = task('report', (words: number, title: string) => `${title}: ${words} words`)
const alarm = task('alarm', (error: { message: string }, what: string) => console.error(what, error.message))

const pages = ['https://example.com/a', 'https://example.com/b']

// Side by side, then together: sum gets the list of counts in the order of the pages.
const words = chord(
  pages.map((url) => chain(fetchPage.s(url), countWords.s())),
  sum.s().set({ allowFailure: true }),
)

// report gets the sum as its first argument; the title is its second.
const flow = await chain(words, report.s('All pages').set({ onFailure: alarm.s('report') })).enqueue()
console.log(await flow.progress()) // { done: 0, total: 6 }
console.log(await flow.result({ timeout: '1m' })) // All pages: 1234 words

// One job per item, and one per hundred.
await map(fetchPage, pages).enqueue()
await chunks(countWords, ['one two', 'three'], 100).enqueue()
await group([countWords.s('a b'), report.si(3, 'Ready made')]).enqueue()
