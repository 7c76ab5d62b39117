// The input normalisation of C-RADIO: OpenAI CLIP's channel statistics.

/// Constants that pixel values in 0...1 are normalised with, red, green, blue: (x - mean) / deviation.
package enum VisionConstants {
    package static let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    package static let deviation: [Float] = [0.26862954, 0.26130258, 0.27577711]
}
