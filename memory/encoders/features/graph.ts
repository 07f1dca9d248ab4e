/** A graph as numbers: features of nodes and edges row by row, and which nodes each edge joins. */
export interface GraphFeatures {
  readonly nodes: Float32Array;
  readonly edges: Float32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
}
