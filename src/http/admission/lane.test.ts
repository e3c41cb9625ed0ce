import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Lane, type LaneBounds, type Place } from './lane.ts'
import type { Overloaded } from './overloaded.ts'

const noMeter = { waited: () => undefined, refused: () => undefined }
const patient = () => () => undefined

function aLane(bounds: Partial<LaneBounds> = {}): Lane {
  const usual = {
    places: 2,
    placesPerUser: 2,
    bytes: 1000,
    maxWaiting: 100,
    maxWaitingPerUser: 50,
    maxWaitMs: 1000,
  }
  return new Lane({ ...usual, ...bounds }, noMeter)
}

function placeOf(name: string, bytes = 1): Place {
  return { party: { name, isUser: true }, bytes }
}

/** Takes a place that is free. */
function taken(lane: Lane, name: string, bytes = 1): Place {
  const place = placeOf(name, bytes)
  expect(lane.enter(place, patient)).toBeNull()
  return place
}

/** Who begins, one after the other, when each leaves as soon as it has begun. */
async function orderOf(lane: Lane, names: readonly string[], free: () => void): Promise<string[]> {
  const order: string[] = []
  const turns = names.map(async name => {
    const place = placeOf(name)
    await lane.enter(place, patient)
    order.push(name)
    lane.leave(place)
  })
  free()
  await Promise.all(turns)
  return order
}

describe('a line', () => {
  it('lets users take turns, each with what came first', async () => {
    const lane = aLane({ places: 1 })
    const first = taken(lane, 'x')
    const order = await orderOf(lane, ['a', 'a', 'a', 'b', 'c', 'b'], () => lane.leave(first))
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a'])
  })

  it('is passed by those whose user has all of his places already', async () => {
    const lane = aLane({ placesPerUser: 1 })
    const first = taken(lane, 'a')
    const second = lane.enter(placeOf('a'), patient)
    await lane.enter(placeOf('b'), patient)
    expect(lane.state).toMatchObject({ working: 2, waiting: 1 })
    lane.leave(first)
    await second
    expect(lane.state).toMatchObject({ working: 2, waiting: 0 })
  })

  it('is not passed by the small when the first one waits for memory', async () => {
    const lane = aLane({ places: 10 })
    const first = taken(lane, 'a', 600)
    const large = lane.enter(placeOf('b', 700), patient)
    const small = lane.enter(placeOf('c', 10), patient)
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(lane.state).toMatchObject({ working: 1, waiting: 2, bytes: 600 })
    lane.leave(first)
    await Promise.all([large, small])
    expect(lane.state).toMatchObject({ working: 2, bytes: 710 })
  })

  it('lets in alone who needs more memory than there is', () => {
    const lane = aLane()
    const place = taken(lane, 'a', 5000)
    lane.leave(place)
    expect(lane.state).toEqual({ working: 0, waiting: 0, bytes: 0 })
  })

  it('is bounded, in all and for each user', async () => {
    const lane = aLane({ places: 1, maxWaiting: 3, maxWaitingPerUser: 2 })
    taken(lane, 'x')
    for (const name of ['a', 'a', 'b']) void lane.enter(placeOf(name), patient)?.catch(() => undefined)
    await expect(lane.enter(placeOf('a'), patient)).rejects.toMatchObject({ reason: 'user-line-full' })
    await expect(lane.enter(placeOf('c'), patient)).rejects.toMatchObject({ reason: 'line-full' })
  })

  it('is left by those who wait too long, and by those who do not want to wait any more', async () => {
    const lane = aLane({ places: 1, maxWaitMs: 30 })
    const first = taken(lane, 'x')
    let leave: () => void = () => undefined
    const left = lane.enter(placeOf('a'), leaving => {
      leave = leaving
      return () => undefined
    })
    const late = lane.enter(placeOf('a'), patient)
    leave()
    await expect(left).rejects.toMatchObject({ reason: 'client-gone' } satisfies Partial<Overloaded>)
    await expect(late).rejects.toMatchObject({ reason: 'waited-too-long' })
    expect(lane.state).toMatchObject({ working: 1, waiting: 0 })
    lane.leave(first)
    expect(lane.state).toEqual({ working: 0, waiting: 0, bytes: 0 })
  })
})

describe('memory', () => {
  it('is given to those who have begun as long as there is some, and nobody waits for it', async () => {
    const lane = aLane()
    const first = taken(lane, 'a', 100)
    expect(lane.grow(first, 800)).toBe(true)
    expect(lane.grow(first, 200)).toBe(false)
    const waits = lane.enter(placeOf('b', 500), patient)
    expect(lane.grow(first, 1)).toBe(false)
    lane.leave(first)
    await waits
    expect(lane.state.bytes).toBe(500)
  })
})

describe('a client that hardly moves', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Moves so many bytes a second. */
  function transferOf(bytesPerSecond: number) {
    const began = Date.now()
    return {
      isClientsMove: () => true,
      movedBytes: () => ((Date.now() - began) / 1000) * bytesPerSecond,
      cutOff: vi.fn(),
    }
  }

  it('makes way while others wait; who moves on does not, nor does who waits for us', () => {
    const lane = aLane({ places: 3, maxWaitMs: 1_000_000 })
    const [slow, quick] = [transferOf(100), transferOf(10_000)]
    const ours = { ...transferOf(0), isClientsMove: () => false }
    for (const [name, transfer] of Object.entries({ slow, quick, ours })) {
      lane.enter({ ...placeOf(name), transfer }, patient)
    }
    void lane.enter(placeOf('b'), patient)?.catch(() => undefined)
    vi.advanceTimersByTime(65_000)
    expect(slow.cutOff).toHaveBeenCalledOnce()
    expect(quick.cutOff).not.toHaveBeenCalled()
    expect(ours.cutOff).not.toHaveBeenCalled()
  })

  it('is left alone while nobody waits', () => {
    const lane = aLane()
    const transfer = transferOf(0)
    lane.enter({ ...placeOf('a'), transfer }, patient)
    vi.advanceTimersByTime(600_000)
    expect(transfer.cutOff).not.toHaveBeenCalled()
  })
})
