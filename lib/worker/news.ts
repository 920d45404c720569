/** Something to wait for, over and over: who waits hears of the next time, and nobody of one that has passed. */
export class News {
  #tell: (() => void) | undefined
  #next: Promise<void> | undefined

  tell(): void {
    this.#tell?.()
  }

  next(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      this.#tell = () => {
        this.#next = undefined
        this.#tell = undefined
        resolve()
      }
    })
    return this.#next
  }
}
