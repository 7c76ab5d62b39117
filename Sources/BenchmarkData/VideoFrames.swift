// Frames of a video as images of an item, one tile each. Knows no benchmark.

package import Foundation
import Imaging
package import Scoring

package struct VideoFrames: FrameSource {
    package let rule: String
    private let selection: FrameSelection
    private let decoder = VideoDecoder()

    /// Frames of each second where `rate` is given, or else `count`, spread as the protocol spreads them.
    package init(count: Int, rate: Double?, profile: Profile) {
        if let rate {
            selection = .rate(rate)
            rule = "\(rate) frames a second"
            return
        }
        switch profile {
        case .vlmevalkit2025, .vlmevalkit:
            selection = .inner(count)
            rule = "\(count) frames, none at the ends"
        case .lmmsEval, .lmmsEval072, .official:
            selection = .spread(count)
            rule = "\(count) frames from the first to the last"
        }
    }

    package func frames(of video: URL) throws -> [ItemImage] {
        var images: [PixelImage] = []
        let numbers = try decoder.frames(of: .file(video), selection) { images.append($0) }
        return zip(images, numbers).map { image, number in
            ItemImage(.pixels(image, name: "\(video.lastPathComponent) frame \(number)"), detail: .low)
        }
    }
}
