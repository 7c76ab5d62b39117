// The functions of the CUDA driver that are used, under the driver's names. Knows nothing of what they are used for.

/// Opaque objects of the driver: contexts, streams, modules, functions, events.
typealias DriverObject = UnsafeMutableRawPointer
/// An address in the memory of a device.
typealias DeviceAddress = UInt64

/// libcuda.so.1.
struct Driver: Sendable {
    typealias Status = Int32

    let cuInit: @convention(c) (UInt32) -> Status
    let cuDriverGetVersion: @convention(c) (UnsafeMutablePointer<Int32>) -> Status
    let cuGetErrorString: @convention(c) (Status, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Status
    let cuDeviceGetCount: @convention(c) (UnsafeMutablePointer<Int32>) -> Status
    let cuDeviceGet: @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Status
    let cuDeviceGetName: @convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Status
    let cuDeviceGetAttribute: @convention(c) (UnsafeMutablePointer<Int32>, Int32, Int32) -> Status
    let cuDeviceTotalMem: @convention(c) (UnsafeMutablePointer<Int>, Int32) -> Status
    let cuDevicePrimaryCtxRetain: @convention(c) (UnsafeMutablePointer<DriverObject?>, Int32) -> Status
    let cuCtxSetCurrent: @convention(c) (DriverObject?) -> Status
    let cuStreamCreate: @convention(c) (UnsafeMutablePointer<DriverObject?>, UInt32) -> Status
    let cuStreamSynchronize: @convention(c) (DriverObject?) -> Status
    let cuMemAlloc: @convention(c) (UnsafeMutablePointer<DeviceAddress>, Int) -> Status
    let cuMemFree: @convention(c) (DeviceAddress) -> Status
    let cuMemHostAlloc: @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, Int, UInt32) -> Status
    let cuMemcpyHtoDAsync: @convention(c) (DeviceAddress, UnsafeRawPointer, Int, DriverObject?) -> Status
    let cuMemcpyDtoHAsync: @convention(c) (UnsafeMutableRawPointer, DeviceAddress, Int, DriverObject?) -> Status
    let cuMemcpyDtoDAsync: @convention(c) (DeviceAddress, DeviceAddress, Int, DriverObject?) -> Status
    let cuMemsetD8Async: @convention(c) (DeviceAddress, UInt8, Int, DriverObject?) -> Status
    let cuModuleLoadData: @convention(c) (UnsafeMutablePointer<DriverObject?>, UnsafeRawPointer) -> Status
    let cuModuleGetFunction:
        @convention(c) (UnsafeMutablePointer<DriverObject?>, DriverObject?, UnsafePointer<CChar>) -> Status
    let cuFuncSetAttribute: @convention(c) (DriverObject?, Int32, Int32) -> Status
    let cuLaunchKernel:
        @convention(c) (
            DriverObject?, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, DriverObject?,
            UnsafeMutablePointer<UnsafeMutableRawPointer?>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        ) -> Status
    let cuEventCreate: @convention(c) (UnsafeMutablePointer<DriverObject?>, UInt32) -> Status
    let cuEventRecord: @convention(c) (DriverObject?, DriverObject?) -> Status
    let cuEventSynchronize: @convention(c) (DriverObject?) -> Status

    /// `CU_DEVICE_ATTRIBUTE_...` and `CU_FUNC_ATTRIBUTE_...`.
    static let multiprocessors: Int32 = 16
    static let majorCapability: Int32 = 75
    static let minorCapability: Int32 = 76
    static let sharedBytesPerBlock: Int32 = 97
    static let largestDynamicSharedBytes: Int32 = 8
    /// `CU_EVENT_DISABLE_TIMING`.
    static let eventWithoutTiming: UInt32 = 2
    /// `CUDA_ERROR_OUT_OF_MEMORY`.
    static let outOfMemory: Status = 2

    init() throws(CUDAError) {
        let library = try DynamicLibrary(
            ["libcuda.so.1"],
            help: "It comes with NVIDIA's driver; a machine without an NVIDIA GPU has none, and runs with --device cpu."
        )
        cuInit = try library.function("cuInit")
        cuDriverGetVersion = try library.function("cuDriverGetVersion")
        cuGetErrorString = try library.function("cuGetErrorString")
        cuDeviceGetCount = try library.function("cuDeviceGetCount")
        cuDeviceGet = try library.function("cuDeviceGet")
        cuDeviceGetName = try library.function("cuDeviceGetName")
        cuDeviceGetAttribute = try library.function("cuDeviceGetAttribute")
        cuDeviceTotalMem = try library.function("cuDeviceTotalMem_v2")
        cuDevicePrimaryCtxRetain = try library.function("cuDevicePrimaryCtxRetain")
        cuCtxSetCurrent = try library.function("cuCtxSetCurrent")
        cuStreamCreate = try library.function("cuStreamCreate")
        cuStreamSynchronize = try library.function("cuStreamSynchronize")
        cuMemAlloc = try library.function("cuMemAlloc_v2")
        cuMemFree = try library.function("cuMemFree_v2")
        cuMemHostAlloc = try library.function("cuMemHostAlloc")
        cuMemcpyHtoDAsync = try library.function("cuMemcpyHtoDAsync_v2")
        cuMemcpyDtoHAsync = try library.function("cuMemcpyDtoHAsync_v2")
        cuMemcpyDtoDAsync = try library.function("cuMemcpyDtoDAsync_v2")
        cuMemsetD8Async = try library.function("cuMemsetD8Async")
        cuModuleLoadData = try library.function("cuModuleLoadData")
        cuModuleGetFunction = try library.function("cuModuleGetFunction")
        cuFuncSetAttribute = try library.function("cuFuncSetAttribute")
        cuLaunchKernel = try library.function("cuLaunchKernel")
        cuEventCreate = try library.function("cuEventCreate")
        cuEventRecord = try library.function("cuEventRecord")
        cuEventSynchronize = try library.function("cuEventSynchronize")
    }

    func check(_ status: Status, _ call: String) throws(CUDAError) {
        guard status != 0 else { return }
        var text: UnsafePointer<CChar>?
        _ = cuGetErrorString(status, &text)
        throw .call(
            call, code: Int(status), meaning: text.map { String(cString: $0) } ?? "which the driver has no words for")
    }
}
