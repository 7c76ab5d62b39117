// Checklist items 6 to 9: images and documents that are none, or not what they say, or must not be fetched.

import Foundation
import HTTPTypes
import HummingbirdTesting
import Imaging
import OpenAIAPI
import Testing

@testable import Server

extension ServerTests {
    @Suite struct BadImageTests {
        /// Name, bytes, declared type, status, code.
        static let faults: [(String, [UInt8], String, Int, String)] = [
            ("a GIF", Array("GIF89a".utf8) + Array(repeating: 0, count: 40), "image/gif", 415, "unsupported_image"),
            ("an SVG", Array("<svg xmlns='x'/>".utf8), "image/svg+xml", 415, "unsupported_image"),
            ("a TIFF", [0x49, 0x49, 0x2A, 0] + Array(repeating: 0, count: 40), "image/tiff", 415, "unsupported_image"),
            (
                "a HEIC", [0, 0, 0, 0x18] + Array("ftypheic".utf8) + Array(repeating: 0, count: 40), "image/heic", 415,
                "unsupported_image"
            ),
            ("a PDF as an image", Array("%PDF-1.7\n".utf8), "image/png", 415, "unsupported_image"),
            ("text", Array("hello".utf8), "image/png", 415, "unsupported_image"),
            (
                "a PNG's first bytes", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png", 400,
                "invalid_image"
            ),
            ("a PNG of no size", png(width: 0, height: 0), "image/png", 400, "invalid_image"),
            ("a PNG of 65535 x 65535", png(width: 65_535, height: 65_535), "image/png", 400, "invalid_image"),
        ]

        /// A PNG's header without pixels.
        static func png(width: UInt32, height: UInt32) -> [UInt8] {
            func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
            let body = Array("IHDR".utf8) + big(width) + big(height) + [8, 2, 0, 0, 0]
            var crc: UInt32 = 0xFFFF_FFFF
            for byte in body {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
            }
            return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + big(13) + body + big(~crc)
        }

        @Test func eachIsRefusedByName() async throws {
            try await ServerFixture.serve { client, _ in
                for (name, bytes, type, status, code) in Self.faults {
                    let reply = try await client.post(
                        "/v1/chat/completions", ServerFixture.chat(image: ServerFixture.dataURL(Data(bytes), type)))
                    #expect(reply.status == status && reply.code == code, "\(name): \(reply.body)")
                    #expect(reply.param == "messages[0].content[0].image_url.url", "\(name)")
                }
            }
        }

        @Test func aTypeThatDisagreesIsRefused() async throws {
            try await ServerFixture.serve { client, _ in
                let png = try ServerFixture.image("gray.png")
                let reply = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat(image: ServerFixture.dataURL(png, "image/jpeg")))
                #expect(reply.status == 400 && reply.code == "invalid_image")
                #expect((reply.error["message"] as? String)?.contains("JPEG") == true)
            }
        }

        @Test(arguments: ["baseline_small.jpg", "gray.png", "lossy.webp"])
        func truncationIsRefusedOrDecodedAlike(name: String) async throws {
            let whole = try ServerFixture.image(name)
            let type =
                ["jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"][String(name.split(separator: ".")[1])]
                ?? ""
            try await ServerFixture.serve { client, _ in
                for cut in stride(from: 1, to: whole.count, by: max(whole.count / 12, 1)) {
                    let data = whole.prefix(cut)
                    let decodes = (try? PixelImage(decoding: Data(data).bytes)) != nil
                    let reply = try await client.post(
                        "/v1/chat/completions/render", ServerFixture.chat(image: ServerFixture.dataURL(data, type)))
                    #expect(decodes ? reply.status == 200 : [400, 415].contains(reply.status), "\(cut): \(reply.body)")
                }
            }
        }

        @Test(arguments: [
            "cmyk_small.jpg", "gray16.png", "palette_trns.png", "interlaced.png", "gray_alpha.png", "exif_rot6.jpg",
            "pixel.png", "strip.png", "animated.webp",
        ])
        func unusualImagesAreServedAsPillowDecodesThem(name: String) async throws {
            try await ServerFixture.serve { client, _ in
                let data = try ServerFixture.image(name)
                let ending = name.split(separator: ".")[1]
                let type = ending == "jpg" ? "image/jpeg" : "image/\(ending)"
                let reply = try await client.post(
                    "/v1/chat/completions/render", ServerFixture.chat(image: ServerFixture.dataURL(data, type)))
                guard let image = try? PixelImage(decoding: data.bytes) else {
                    #expect(reply.status == 400)
                    return
                }
                let plan = (reply.json["images"] as? [[String: Any]])?.first
                #expect(
                    plan?["width"] as? Int == image.width && plan?["height"] as? Int == image.height, "\(reply.body)")
            }
        }

        @Test func addressesAreRefusedWhereNoneAreFetched() async throws {
            try await ServerFixture.serve { client, _ in
                let reply = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat(image: "https://example.com/a.png"))
                #expect(reply.status == 400 && reply.code == "image_url_not_allowed")
            }
        }

        /// None of these may send a packet to an address that is not public.
        static let addresses = [
            "http://example.com/a.png", "https://127.0.0.1/a.png", "https://0x7f.1/a.png", "https://2130706433/a.png",
            "https://[::1]/a.png", "https://[::ffff:127.0.0.1]/a.png", "https://localhost./a.png",
            "https://localhost/a.png",
            "https://169.254.169.254/latest/meta-data", "https://user:pass@example.com/a.png", "http:\\\\evil",
            "https:\\\\evil/a.png", "https://example.com\\\\@127.0.0.1/", "https://example.com:8443/a.png",
            "https:///a.png",
            "https://10.0.0.1/a.png", "https://192.168.1.1/a.png", "https://[fd00::1]/a.png", "https://0/a.png",
        ]

        @Test func privateAndOddAddressesAreRefused() async throws {
            var settings = ServerSettings()
            settings.imageHosts = .all
            try await ServerFixture.serve(settings) { client, _ in
                for address in Self.addresses {
                    let reply = try await client.post("/v1/chat/completions", ServerFixture.chat(image: address))
                    #expect(reply.status == 400, "\(address): \(reply.body)")
                    #expect(
                        ["invalid_image_url", "invalid_image"].contains(reply.code ?? ""), "\(address): \(reply.body)")
                }
            }
        }

        @Test func hostsThatAreNotNamedAreRefused() async throws {
            var settings = ServerSettings()
            settings.imageHosts = .named(["images.example.com"])
            try await ServerFixture.serve(settings) { client, _ in
                let reply = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat(image: "https://example.com/a.png"))
                #expect(reply.status == 400 && reply.code == "image_url_not_allowed")
            }
        }

        @Test(
            arguments: [
                ([127, 0, 0, 1], false), ([10, 1, 2, 3], false), ([172, 16, 0, 1], false), ([172, 32, 0, 1], true),
                ([192, 168, 0, 1], false), ([169, 254, 169, 254], false), ([100, 64, 0, 1], false),
                ([100, 128, 0, 1], true),
                ([8, 8, 8, 8], true), ([224, 0, 0, 1], false), ([255, 255, 255, 255], false), ([0, 0, 0, 0], false),
                ([192, 0, 2, 1], false), ([198, 18, 0, 1], false), ([203, 0, 113, 9], false),
                ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], false),
                ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1], false),
                ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 8, 8, 8, 8], true),
                ([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], false),
                ([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], false),
                ([0x26, 0x06, 0x47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true),
                ([0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], false),
                ([0x20, 0x02, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], false),
                ([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1], false),
            ] as [([UInt8], Bool)])
        func publicAddressesAreTold(bytes: [UInt8], isPublic: Bool) {
            #expect(PublicAddress.contains(bytes) == isPublic)
        }

        @Test func documentsAreRenderedWithinTheirLimits() async throws {
            try await ServerFixture.serve { client, _ in
                func body(_ data: Data, _ fields: String = "") -> String {
                    #"{"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "\#(ServerFixture.dataURL(data, "application/pdf"))"\#(fields)}}, {"type": "text", "text": "?"}]}]}"#
                }
                let encrypted = try await client.post(
                    "/v1/chat/completions/render", body(try ServerFixture.image("encrypted.pdf")))
                #expect(encrypted.status == 400 && encrypted.code == "invalid_document", "\(encrypted.body)")
                let broken = try await client.post("/v1/chat/completions/render", body(Data("%PDF-1.4 nothing".utf8)))
                #expect(broken.status == 400 && broken.code == "invalid_document", "\(broken.body)")
                let image = try await client.post(
                    "/v1/chat/completions/render", body(try ServerFixture.image("gray.png")))
                #expect(image.status == 400 && image.code == "invalid_document", "\(image.body)")
                let many = try await client.post(
                    "/v1/chat/completions/render", body(Data("%PDF-1.4 nothing".utf8), #", "pages": "1-9""#))
                #expect(many.status == 400 && many.code == "too_many_pages", "\(many.body)")
            }
        }

        @Test func theDecoderIsAChildWhoseDeathCostsOneRequest() async throws {
            let data = try ServerFixture.image("gray.png")
            let dying = ChildDecoder(program: "/bin/false", timeout: 5, leash: ChildLeash())
            #expect(throws: ImagingError.decoderUnavailable) { _ = try dying.decode(data, ImageLimits()) }
            let slow = ChildDecoder(program: "/usr/bin/yes", timeout: 0.2, leash: ChildLeash())
            #expect(throws: ImagingError.self) { _ = try slow.decode(data, ImageLimits()) }
            guard FileManager.default.isExecutableFile(atPath: ServerFixture.program) else { return }
            let child = ChildDecoder(program: ServerFixture.program, timeout: 10, leash: ChildLeash())
            #expect(try child.decode(data, ImageLimits()) == PixelImage(decoding: data.bytes))
        }
    }
}
