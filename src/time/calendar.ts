import { atMoment, type Clock } from './clock.ts'

/** What is due at some moment. One timer serves all that is due at the same one, however much that is. */
export interface Calendar<Item> {
  /** Enters an item, to be due at `moment`, in milliseconds since the epoch. */
  add(moment: number, item: Item): void
  /** Strikes out an item that was entered for `moment` and may not have been due yet. */
  delete(moment: number, item: Item): void
}

/** A calendar that hands each item to `due` at its moment. */
export function createCalendar<Item>(clock: Clock, due: (item: Item) => void): Calendar<Item> {
  const days = new Map<number, { readonly items: Set<Item>; readonly cancel: () => void }>()
  const open = (moment: number) => {
    const items = new Set<Item>()
    const cancel = atMoment(clock, moment, () => {
      days.delete(moment)
      for (const item of items) due(item)
    })
    const day = { items, cancel }
    days.set(moment, day)
    return day
  }
  return {
    add(moment, item) {
      ;(days.get(moment) ?? open(moment)).items.add(item)
    },
    delete(moment, item) {
      const day = days.get(moment)
      if (day === undefined || !day.items.delete(item) || day.items.size > 0) return
      day.cancel()
      days.delete(moment)
    },
  }
}
