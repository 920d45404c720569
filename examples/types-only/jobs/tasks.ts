// Lives with the worker, and brings along what only the worker should have.
import { createHash } from 'node:crypto'

console.log('tasks loaded')

export interface Invoice {
  customer: string
  cents: number
  due: Date
}

export async function bill(invoice: Invoice): Promise<{ number: string; due: Date }> {
  return { number: createHash('sha256').update(invoice.customer).digest('hex').slice(0, 8), due: invoice.due }
}
