// swift-tools-version: 6.1
import Foundation
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A room of the floor plan (docs/architecture.md): imports point down only.
func room(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
        swiftSettings: settings)
}

let package = Package(
    name: "monocle",
    products: [
        .library(name: "Monocle", targets: ["Monocle"]),
        .executable(name: "monocle", targets: ["MonocleCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CSPNG", pkgConfig: "spng", providers: [.apt(["libspng-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .systemLibrary(name: "CXML", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .target(name: "CKernels"),
        .target(name: "CConfine"),

        room("JSONText"),
        room("Timing"),
        room("Scoring", ["JSONText", "CXML"]),
        room("Numerics"),
        room("Tokenization", ["JSONText"]),
        room("Imaging", ["CTurboJPEG", "CSPNG", "CWebP", "CConfine"]),
        room("Documents", ["Numerics", "CCairo"]),
        room("Checkpoint", ["Numerics", "JSONText"]),
        room("Compute", ["Numerics", "Checkpoint", "CKernels"]),
        room("Model", ["Compute", "Checkpoint", "Numerics"]),
        room("Quantization", ["Model", "Compute", "Checkpoint", "Numerics", "JSONText"]),
        room("Training", ["Model", "Compute", "Checkpoint", "Numerics"]),
        room("CUDA", ["Training", "Model", "Compute", "Checkpoint", "Numerics"]),
        room("Prompting", ["Tokenization", "JSONText"]),
        room("Grammar", ["JSONText"]),
        room("Datasets", ["Training", "Documents", "Prompting", "Tokenization", "Imaging", "Checkpoint", "JSONText"]),
        room(
            "Engine",
            [
                "Grammar", "Model", "Compute", "Tokenization", "Numerics",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "Monocle", ["Engine", "Model", "Compute", "Checkpoint", "Prompting", "Tokenization", "Imaging"],
            resources: [.copy("Resources/monocle-mini")]),
        room("OpenAIAPI", ["Prompting", "JSONText"]),
        room(
            "Server",
            [
                "OpenAIAPI", "Monocle", "Engine", "Grammar", "Prompting", "Tokenization", "Imaging", "JSONText",
                "Timing",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(
                    name: "Numerics", package: "swift-numerics", moduleAliases: ["Numerics": "SwiftNumerics"]),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Resources/page.html"), .embedInCode("Resources/openapi.json")]),
        room(
            "BenchmarkData", ["Scoring", "Imaging", "JSONText"], resources: [.embedInCode("Resources/convert.py")]),
        room(
            "OpenAIClient",
            [
                "JSONText", "Timing", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
        room(
            "Benchmarking", ["OpenAIClient", "Model", "Compute", "Checkpoint", "Tokenization", "Imaging", "Numerics"]),
        room(
            "Evaluation",
            [
                "BenchmarkData", "OpenAIClient", "Scoring", "Monocle", "Documents", "Engine", "Prompting",
                "Tokenization",
                "Model", "Compute", "Checkpoint", "Imaging", "Numerics", "JSONText",
            ]),
        room(
            "Reporting", ["Evaluation", "BenchmarkData", "Scoring", "Documents", "Imaging"],
            resources: [
                .embedInCode("Resources/report.html"), .embedInCode("Resources/report.css"),
                .embedInCode("Resources/report.js"),
            ]),
        .executableTarget(
            name: "MonocleCommand",
            dependencies: [
                "Monocle", "Benchmarking", "CUDA", "Datasets", "BenchmarkData", "Evaluation", "Reporting", "Scoring",
                "Documents",
                "Engine", "Quantization",
                "Training",
                "Model", "Compute", "Checkpoint",
                "Prompting", "Server", "OpenAIAPI", "OpenAIClient",
                "Tokenization", "Imaging", "Numerics",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        .target(
            name: "TestSupport", dependencies: ["Checkpoint", "Numerics"], path: "Tests/TestSupport",
            swiftSettings: settings),
        tests(of: "JSONText", []),
        tests(of: "Timing", []),
        tests(of: "Scoring", ["JSONText"]),
        tests(of: "Numerics", ["Checkpoint"]),
        tests(of: "Tokenization", []),
        tests(of: "Imaging", ["Checkpoint"]),
        tests(of: "Documents", []),
        tests(of: "Checkpoint", ["Numerics"]),
        tests(of: "Compute", ["Checkpoint", "Numerics", "CKernels"]),
        tests(of: "Model", ["Checkpoint", "Compute", "Numerics"]),
        tests(of: "Quantization", ["Model", "Compute", "Checkpoint", "Numerics"]),
        tests(of: "Training", ["Model", "Checkpoint", "Compute", "Numerics"]),
        tests(of: "CUDA", ["Training", "Compute", "Checkpoint", "Numerics"]),
        tests(
            of: "Datasets", ["Training", "Prompting", "Tokenization", "Imaging", "Documents", "Checkpoint", "Monocle"]),
        tests(of: "Prompting", ["Tokenization"]),
        tests(of: "OpenAIAPI", ["Prompting", "JSONText"]),
        tests(
            of: "OpenAIClient",
            [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
            ]),
        tests(
            of: "Server",
            [
                "OpenAIAPI", "Monocle", "Imaging", .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"), .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        tests(of: "Grammar", ["Tokenization"]),
        tests(of: "Monocle", ["Prompting", "Imaging"]),
        tests(of: "Engine", ["Grammar", "Model", "Compute", "Checkpoint", "Tokenization", "Numerics"]),
        tests(
            of: "Evaluation",
            [
                "BenchmarkData", "Scoring", "JSONText", "Monocle", "Prompting", "Documents", "Model", "Compute",
                "Checkpoint", "Imaging", "Numerics",
            ]),
        tests(of: "BenchmarkData", ["Scoring", "Imaging", "JSONText"]),
        tests(of: "Reporting", ["Evaluation", "BenchmarkData", "Imaging", "Documents"]),
        tests(of: "Benchmarking", ["OpenAIClient", "Checkpoint", "Compute", "Numerics"]),
        .testTarget(
            name: "MonocleCommandTests", dependencies: ["TestSupport", "MonocleCommand", "Checkpoint"],
            swiftSettings: settings),
    ]
)

// Fuzz harnesses, built by Fuzz/run.sh only: each is a static library with `LLVMFuzzerTestOneInput`, linked with libFuzzer.
if Context.environment["MONOCLE_FUZZ"] != nil {
    let harnesses = [
        ("SafetensorsHeader", "Checkpoint"), ("Tokenizer", "Tokenization"), ("ImageHeader", "Imaging"),
        ("ImageDecoder", "Imaging"), ("ChatRequest", "OpenAIAPI"), ("Grammar", "Grammar"), ("Reply", "Scoring"),
    ]
    for (name, room) in harnesses
    where FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Fuzz/\(name)/\(name).swift") {
        let target = "Fuzz" + name
        package.targets.append(
            .target(
                name: target, dependencies: [.init(stringLiteral: room)], path: "Fuzz/\(name)", exclude: ["corpus"],
                swiftSettings: settings))
        package.products.append(.library(name: target, type: .static, targets: [target]))
    }
}
