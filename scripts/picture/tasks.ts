import { setTimeout as pause } from 'node:timers/promises'
import { task } from 'rqts'

export async function sendWelcome(userId: number, lang: string): Promise<{ userId: number; lang: string }> {
  await pause(12)
  return { userId, lang }
}

export const resize = task({ name: 'resize', queue: 'images', retry: { max: 2, delay: '4s' } }, async (file: string) => {
  await pause(30)
  if (file.endsWith('.txt')) throw new TypeError(`${file} is no image`)
  return file
})

export async function makeReport(month: string): Promise<string> {
  await pause(60_000)
  return month
}
