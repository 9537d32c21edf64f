// What downloads.py hands over, and what is used of Plotly's own element.

export interface Downloads {
  of: string;
  name: string;
  csv: string;
  latex: string;
}

export interface Graph extends HTMLElement {
  _context?: { toImageButtonOptions: { format: string } };
}
