// What the components share: how elements are described, and what Streamlit hands a component.

// Attributes of an element; null and false leave one out, true sets an empty one. A function is
// what an event such as "onclick" calls.
export type Attributes = Record<
  string,
  string | number | boolean | null | undefined | ((event: Event) => void)
>;

// Strings become text nodes; null and false nothing.
export type Child = Node | string | null | undefined | false;

export interface Component<Shown> {
  data: Shown;
  parentElement: HTMLElement;
  setStateValue: (name: string, value: unknown) => void;
  setTriggerValue: (name: string, value: unknown) => void;
}
