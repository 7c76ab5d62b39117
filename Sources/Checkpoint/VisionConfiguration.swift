// The picture side of config.json and preprocessor_config.json. Knows keys and their limits, not tensors or pixels.

/// What the files say about tiles, patches and the vision encoder. Sizes that tensors show are not here.
package struct VisionConfiguration: Sendable, Hashable {
    /// How the projector's pixel shuffle orders its output.
    package enum PixelShuffle: Sendable, Hashable {
        /// `v1`: the image comes out transposed.
        case v1
        case v2
    }

    /// Side of a square tile in pixels: `force_image_size`.
    package let tileSize: Int
    /// Side of a square patch in pixels.
    package let patchSize: Int
    /// Patches merged into one token along each axis: 1 / `downsample_ratio`.
    package let shuffleFactor: Int
    package let pixelShuffle: PixelShuffle
    /// Most tiles of one picture, the thumbnail not counted.
    package let maxTiles: Int
    package let usesThumbnail: Bool
    /// Name of the timm model in `vision_config.args.model`.
    package let encoderName: String?
    /// `vision_config.args.model_kwargs.num_heads`.
    package let declaredHeads: Int?
    /// Side in pixels that the position grid covers: `vision_config.args.cpe_max_size`.
    package let positionSize: Int?
    /// Prefix tokens are a multiple of this: `vision_config.args.register_multiple`.
    package let registerMultiple: Int?

    /// Tokens one tile becomes.
    package var tokensPerTile: Int {
        let side = tileSize / patchSize / shuffleFactor
        return side * side
    }

    /// - Parameters:
    ///   - root: config.json.
    ///   - preprocessor: preprocessor_config.json, when the folder has one.
    init(_ root: ConfigurationObject, preprocessor: ConfigurationObject?) throws(CheckpointError) {
        let encoder = try root.requiredObject("vision_config")
        let arguments = try encoder.object("args")
        let sides = 1...16384
        let preprocessed = try preprocessor?.integer("image_size", in: sides)
        guard let tile = try root.integer("force_image_size", in: sides) ?? preprocessed else {
            throw root.fault("force_image_size", found: "nothing", expected: "the side of a tile in pixels")
        }
        let ownPatch = try root.integer("patch_size", in: sides)
        guard let patch = try ownPatch.or(try encoder.integer("patch_size", in: sides)) else {
            throw root.fault("patch_size", found: "nothing", expected: "the side of a patch in pixels")
        }
        let ratio = try root.number("downsample_ratio", in: 1.0 / 64...1) ?? 0.5
        let factor = Int((1 / ratio).rounded())
        guard 1 / Double(factor) == ratio else {
            throw root.fault("downsample_ratio", found: "\(ratio)", expected: "one over a whole number")
        }
        guard tile % (patch * factor) == 0 else {
            throw root.fault(
                "force_image_size", found: "\(tile)",
                expected: "a multiple of \(patch * factor), patch_size / downsample_ratio")
        }
        if let preprocessor, let preprocessed, preprocessed != tile {
            throw preprocessor.fault(
                "image_size", found: "\(preprocessed)", expected: "\(tile), force_image_size of config.json")
        }
        tileSize = tile
        patchSize = patch
        shuffleFactor = factor
        // The configuration class of the published model defaults to v1.
        switch try root.string("ps_version") {
        case nil, "v1": pixelShuffle = .v1
        case "v2": pixelShuffle = .v2
        case .some(let other): throw root.fault("ps_version", found: "'\(other)'", expected: "'v1' or 'v2'")
        }
        if let tag = try root.string("image_tag_type"), tag != "internvl" {
            throw root.fault("image_tag_type", found: "'\(tag)'", expected: "'internvl'")
        }
        maxTiles = try preprocessor?.integer("max_num_tiles", in: 1...256) ?? 12
        usesThumbnail = try preprocessor?.bool("use_thumbnail") ?? true
        encoderName = try arguments?.string("model")
        declaredHeads = try arguments?.object("model_kwargs")?.integer("num_heads", in: 1...4096)
        positionSize = try arguments?.integer("cpe_max_size", in: 1...(1 << 20))
        registerMultiple = try arguments?.integer("register_multiple", in: 1...4096)
    }

    /// Attention heads of an encoder of this width: as declared, otherwise 80 wide for ViT-H, 64 for the others.
    func heads(width: Int, file: String) throws(CheckpointError) -> Int {
        let isHuge = encoderName.map { $0.contains("huge") } ?? (width == 1280)
        let heads = declaredHeads ?? width / (isHuge ? 80 : 64)
        guard heads > 0, width % heads == 0 else {
            throw .key(
                "vision_config.args.model_kwargs.num_heads", file: file,
                found: declaredHeads.map(String.init) ?? "nothing",
                expected: "a divisor of the encoder's width \(width)")
        }
        return heads
    }
}
