import type { ControllerEvent } from '../../src/controller/events.ts';

/** For tests: the events of one name. */
export function eventsNamed<Name extends ControllerEvent['event']>(
  events: readonly { readonly event: ControllerEvent }[],
  name: Name,
): readonly Extract<ControllerEvent, { event: Name }>[] {
  return events.flatMap(({ event }) => (isNamed(event, name) ? [event] : []));
}

function isNamed<Name extends ControllerEvent['event']>(
  event: ControllerEvent,
  name: Name,
): event is Extract<ControllerEvent, { event: Name }> {
  return event.event === name;
}
