"""What can go wrong with 3D models."""

from config.errors import AppError


class MeshUnreadableError(AppError):
    code = "MESH_UNREADABLE"
    status = 422
    en = (
        "By its content the file is none of GLB, STL, OBJ (alone or in a ZIP), 3MF and PLY, or it is damaged: what it "
        "says of itself isn't what it holds."
    )
    zh = "按内容判断，该文件不是 GLB、STL、OBJ（单独或在 ZIP 中）、3MF 或 PLY，或者已损坏：文件所声明的与实际内容不符。"


class MeshEmptyError(AppError):
    code = "MESH_EMPTY"
    status = 422
    en = "The file holds no triangle with a size, so there is nothing to show or print."
    zh = "文件中没有任何有大小的三角形，因此无可显示或打印的内容。"


class MeshTooComplexError(AppError):
    code = "MESH_TOO_COMPLEX"
    status = 422
    en = (
        "The model is too complex: at most {limit} triangles are taken, and working on them may take only so much "
        "time and memory. Reduce it in a mesh editor and send that."
    )
    zh = "模型过于复杂：最多接受 {limit} 个三角形，读取所用的时间和内存也有上限。请在网格编辑软件中简化后再发送。"


class MeshNumbersError(AppError):
    code = "MESH_NUMBERS_INVALID"
    status = 422
    en = "Some of the model's corners lie nowhere: their coordinates are infinite or no numbers."
    zh = "模型的部分顶点没有有效位置：坐标为无穷大或不是数字。"


class MeshReferencesError(AppError):
    code = "MESH_HAS_REFERENCES"
    status = 422
    en = (
        "The file refers to something outside of it ({reference}). Nothing is fetched or opened for it: put all data "
        "into the file itself, textures into the ZIP."
    )
    zh = "文件引用了其外部的内容（{reference}）。这些内容不会被打开：请将所有数据放入文件本身，贴图放入 ZIP。"


class MeshUnsupportedError(AppError):
    code = "MESH_UNSUPPORTED"
    status = 422
    en = "The file needs a feature that isn't read here: {feature}. Save it without that, uncompressed for instance."
    zh = "文件需要此处不支持的功能：{feature}。请去除该功能后重新保存，例如不使用压缩。"


class MeshSizeError(AppError):
    code = "MESH_SIZE_IMPLAUSIBLE"
    status = 422
    en = (
        "By its unit the model would be {longest_mm} mm long. Say in which unit its numbers are, or how long its "
        "longest side is to be."
    )
    zh = "按其单位，模型长度将为 {longest_mm} 毫米。请说明数字所用的单位，或最长边应有的长度。"


class ArchiveUnsafeError(AppError):
    code = "ARCHIVE_UNSAFE"
    status = 422
    en = "The archive isn't unpacked, because {problem}. Pack the model's files anew."
    zh = "压缩包未被解压：{problem}。请重新打包模型文件。"

    def in_chinese(self, name: str, value: object) -> object:
        return PROBLEMS_IN_CHINESE.get(str(value), value) if name == "problem" else value


#: What may be wrong with an archive (`models3d.domain.meshes.reading.archives`).
PROBLEMS_IN_CHINESE = {
    "an entry's path leads out of it": "其中有条目的路径指向压缩包之外",
    "it holds a link or a device": "其中含有链接或设备文件",
    "it holds too many files": "其中文件过多",
    "its folders are nested too deeply": "其中文件夹嵌套过深",
    "it would become too large": "解压后会过大",
    "it is packed suspiciously tightly": "其压缩率高得可疑",
    "two of its entries have the same name": "其中有两个条目同名",
    "it is encrypted": "它已加密",
    "it is damaged, or packed in an unknown way": "它已损坏，或使用了未知的压缩方式",
}
