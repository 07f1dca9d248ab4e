import type { Site } from '#simulator/city.ts';

const METRES_PER_DEGREE = 111_195;

/** A place in metres east and north of the city's middle. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** What the grid answers: the nearest site, how far it is, and how far the next one; metres. */
export interface Nearest {
  readonly site: number;
  readonly metres: number;
  readonly nextMetres: number;
}

/** Sites of a city on a plane (equirectangular: within 0.1 % over a city), in cells for quick look-up. */
export class SiteGrid {
  readonly places: readonly Place[];
  readonly #origin: { readonly latitude: number; readonly longitude: number; readonly shrink: number };
  readonly #cell: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #west: number;
  readonly #south: number;
  readonly #cells: number[][];

  constructor(sites: readonly Site[]) {
    const latitude = sites.reduce((sum, site) => sum + site.latitude, 0) / sites.length;
    const longitude = sites.reduce((sum, site) => sum + site.longitude, 0) / sites.length;
    this.#origin = { latitude, longitude, shrink: Math.cos((latitude * Math.PI) / 180) };
    this.places = sites.map((site) => this.place(site.latitude, site.longitude));
    const xs = this.places.map(({ x }) => x);
    const ys = this.places.map(({ y }) => y);
    this.#west = Math.min(...xs);
    this.#south = Math.min(...ys);
    const width = Math.max(...xs) - this.#west;
    const height = Math.max(...ys) - this.#south;
    // About one site a cell, also when they stand in a line.
    this.#cell = Math.max(
      1,
      Math.sqrt((width * height) / sites.length),
      Math.max(width, height) / sites.length,
    );
    this.#columns = Math.floor(width / this.#cell) + 1;
    this.#rows = Math.floor(height / this.#cell) + 1;
    this.#cells = Array.from({ length: this.#columns * this.#rows }, () => []);
    for (const [site, { x, y }] of this.places.entries())
      this.#cells[this.#row(y) * this.#columns + this.#column(x)]?.push(site);
  }

  place(latitude: number, longitude: number): Place {
    return {
      x: (longitude - this.#origin.longitude) * this.#origin.shrink * METRES_PER_DEGREE,
      y: (latitude - this.#origin.latitude) * METRES_PER_DEGREE,
    };
  }

  /** Metres from a place to a site. */
  metres(site: number, { x, y }: Place): number {
    const place = this.places[site] ?? { x, y };
    return Math.sqrt((place.x - x) * (place.x - x) + (place.y - y) * (place.y - y));
  }

  nearest(place: Place): Nearest {
    const column = this.#column(place.x);
    const row = this.#row(place.y);
    let [site, metres, nextMetres] = [0, Infinity, Infinity];
    const widest = Math.max(this.#columns, this.#rows);
    for (let ring = 0; ring < widest; ring++) {
      for (let r = row - ring; r <= row + ring; r++) {
        const step = r === row - ring || r === row + ring ? 1 : 2 * ring;
        for (let c = column - ring; c <= column + ring; c += Math.max(1, step)) {
          if (r < 0 || c < 0 || r >= this.#rows || c >= this.#columns) continue;
          for (const candidate of this.#cells[r * this.#columns + c] ?? []) {
            const far = this.metres(candidate, place);
            if (far < metres || (far === metres && candidate < site))
              [site, metres, nextMetres] = [candidate, far, metres];
            else if (far < nextMetres) nextMetres = far;
          }
        }
      }
      // Everything further out is at least this far from a place in the middle cell, or one clamped to the edge.
      if (nextMetres <= ring * this.#cell) break;
    }
    return { site, metres, nextMetres };
  }

  #column(x: number): number {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor((x - this.#west) / this.#cell)));
  }

  #row(y: number): number {
    return Math.min(this.#rows - 1, Math.max(0, Math.floor((y - this.#south) / this.#cell)));
  }
}
