import Foundation
import Imaging
import Testing

@Suite struct ImageLoaderTests {
    private func temporary(_ content: [UInt8]) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appending(path: "monocle-test-\(UUID().uuidString).png")
        try Data(content).write(to: url)
        return url
    }

    private func reason(_ url: URL, _ loader: ImageLoader = ImageLoader(), pages: ClosedRange<Int>? = nil)
        -> ImagingError?
    {
        let error = failure { () throws(ImagingError) in _ = try loader.load(.file(url), pages: pages) }
        guard case .file(let name, let reason) = error else { return nil }
        #expect(name == url.relativePath)
        #expect("\(error as Any)".contains(url.lastPathComponent))
        return reason
    }

    @Test func imagesFromFilesAndMemory() throws {
        let name = "gray.jpg"
        let expected = try Fixture.decode(name)
        #expect(try ImageLoader().load(.file(Fixture.folder.appending(path: name))) == [expected])
        #expect(try ImageLoader().load(.data(Data(Fixture.bytes(name)), name: "x")) == [expected])
    }

    @Test func whatIsNotAnImageFile() throws {
        #expect(reason(URL(filePath: "/monocle/no/such.png")) == .missing)
        #expect(reason(Fixture.folder) == .notAFile(found: "a directory"))
        #expect(reason(URL(filePath: "/dev/null")) == .notAFile(found: "a device"))
        let empty = try temporary([])
        defer { try? FileManager.default.removeItem(at: empty) }
        #expect(reason(empty) == .empty)
        let text = try temporary(Array("hello, world".utf8))
        defer { try? FileManager.default.removeItem(at: text) }
        #expect(reason(text) == .unsupported(found: nil))
        let fifo = FileManager.default.temporaryDirectory.appending(path: "monocle-test-\(UUID().uuidString)")
        #expect(mkfifo(fifo.path, 0o600) == 0)
        defer { try? FileManager.default.removeItem(at: fifo) }
        #expect(reason(fifo) == .notAFile(found: "a pipe"))
    }

    @Test(.enabled(if: getuid() != 0, "root reads every file"))
    func unreadableFile() throws {
        let url = try temporary([1, 2, 3])
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(chmod(url.path, 0) == 0)
        guard case .unreadable = reason(url) else {
            Issue.record("an unreadable file was read")
            return
        }
    }

    @Test func limitsAndPages() throws {
        let url = Fixture.folder.appending(path: "square_photo.png")
        #expect(
            reason(url, ImageLoader(limits: ImageLimits(bytes: 1000)))
                == .overLimit(
                    what: "the file", found: 32_391, allowed: 1000, unit: "bytes"))
        guard case .overLimit = reason(url, ImageLoader(limits: ImageLimits(side: 100))) else {
            Issue.record("too large a side was accepted")
            return
        }
        guard case .parameter("page", _, _) = reason(url, pages: 2...2) else {
            Issue.record("a page of a picture was accepted")
            return
        }
    }

    @Test func extremeShapes() throws {
        for (width, height): (UInt32, UInt32) in [(1, 1), (10_000, 1), (1, 10_000)] {
            var png = PNGBuilder(width: width, height: height, bitDepth: 8, colorType: 0)
            let row = [UInt8(0)] + (0..<width).map { UInt8(truncatingIfNeeded: $0 * 7) }
            png.appendData((0..<height).flatMap { _ in row })
            png.end()
            let image = try #require(try ImageLoader().load(.data(Data(png.bytes), name: "line")).first)
            #expect((image.width, image.height) == (Int(width), Int(height)))
            let plan = try TilePlan(
                width: image.width, height: image.height, tileSize: 64, maxTiles: 12, useThumbnail: true)
            let tiles = Tiles(image, plan: plan)
            #expect(tiles.bytes.count == plan.tiles * 3 * 64 * 64)
        }
    }
}
