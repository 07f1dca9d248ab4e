import type { Features } from '#memory/encoders/features/features.ts';
import { packOwn, packScene, sceneOf } from './codec.ts';
import type { Scene } from './codec.ts';
import { COLUMNS_DIGEST } from './context.ts';
import type { Context } from './context.ts';

/** Scenes that are remembered: worlds as slices see them, of late. */
const REMEMBERED = 8;
/** A trace that differs in more than this share of its scene's numbers, and in more than so many, begins a scene of its own. */
const MOST_DIFFERENT = 1 / 16;
const FEW = 64;

/** Makes contexts: the scene of one is used again for later ones as long as they differ little from it. */
export class Contexts {
  readonly #scenes: { readonly scene: Scene; readonly bytes: Uint8Array }[] = [];

  /** The context of features; the same features in the same order give the same bytes. */
  of(features: Features): Context {
    const scene = sceneOf(features);
    let best: { bytes: Uint8Array; differs: [number, number][] } | undefined;
    for (const known of this.#scenes) {
      const limit = best === undefined ? mostOf(scene) : best.differs.length - 1;
      const differs = differences(known.scene, scene, limit);
      if (differs !== undefined) best = { bytes: known.bytes, differs };
    }
    if (best === undefined) {
      best = { bytes: packScene(scene), differs: [] };
      this.#scenes.unshift({ scene, bytes: best.bytes });
      this.#scenes.length = Math.min(this.#scenes.length, REMEMBERED);
    }
    return { columns: COLUMNS_DIGEST, scene: best.bytes, own: packOwn(features, best.differs) };
  }
}

const mostOf = ({ values }: Scene): number => Math.max(FEW, Math.floor(values.length * MOST_DIFFERENT));

/** Where `other` differs and what it has there; undefined when in more than `limit` places, or in its shape. */
function differences(scene: Scene, other: Scene, limit: number): [number, number][] | undefined {
  if (scene.vertices !== other.vertices || scene.from.length !== other.from.length) return undefined;
  if (scene.from.some((v, i) => v !== other.from[i]) || scene.to.some((v, i) => v !== other.to[i]))
    return undefined;
  const found: [number, number][] = [];
  for (const [i, value] of other.values.entries()) {
    if (value === scene.values[i]) continue;
    if (found.length >= limit) return undefined;
    found.push([i, value]);
  }
  return found;
}
