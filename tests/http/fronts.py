# SPDX-License-Identifier: ISC
"""The web servers that conf/ has a file for: the least configuration around the shipped file, the
command that runs it, the server's own checker, and how it takes a new configuration.

The one idea: a front knows its server and nothing else; whatever belongs to one shop (folders, port,
user) is the site's, see servers.py, which is handed to each function.
"""
import glob
import os
import shutil
import signal
import subprocess

import environment  # noqa: F401  (nothing of this machine gets in)

MODULES = "/usr/lib/apache2/modules"
PCRE = next(iter(glob.glob("/usr/lib/*/libpcre.so.3")), None)

os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


class Front:
    """A server.  `file`: what conf/ has for it; `sockets`: whether the programs run on their own, as
    FastCGI; `blanks`: whether a program or its socket can be in a path with a blank."""

    binary = ""
    number = signal.SIGHUP  # takes a new configuration
    blanks = True
    lines = "error"  # the log in which the programs' stderr comes out; "ordersnap": their own file
    gap = False  # a request in the moment of a reload may be refused
    prefixes = False  # a path below an endpoint's is the program's, too
    script = "{}", ""  # SCRIPT_NAME and PATH_INFO of an endpoint's path

    def __init__(self, file, sockets=False):
        self.file, self.sockets = file, sockets

    def lacking(self):
        """What this machine lacks to run it, or None."""
        needs = ["curl", self.binary] + (["spawn-fcgi"] if self.sockets else [])
        return next((n for n in needs if not shutil.which(n)), None)

    def shipped(self, site):
        """The shipped file, with the site's paths filled in."""
        return site.path("share", self.file)

    def write(self, site):
        """Writes the configuration; its path."""
        raise NotImplementedError

    def command(self, site):
        """Runs the server in the foreground."""
        raise NotImplementedError

    def check(self, site):
        """The command of the server's own that checks the configuration."""
        raise NotImplementedError

    def variables(self, _site):
        """More of the server's environment."""
        return {}

    def user(self, _site):
        """Whom the server is started as, where it does not change its user itself."""
        return None

    def reload(self, site, process):
        """Lets the running server take its configuration anew."""
        process.send_signal(self.number)


class Nginx(Front):
    binary = "nginx"

    def command(self, site):
        return ["nginx", "-e", site.path("log", "error.log"), "-p", site.folder, "-c",
                site.path("nginx.conf")]

    def check(self, site):
        return [*self.command(site), "-t"]

    def write(self, site):
        tmp = "".join(f'    {kind}_temp_path "{site.path("tmp", kind)}";\n' for kind in
                      ("client_body", "fastcgi", "proxy", "uwsgi", "scgi"))
        limits = site.path("share", "nginx", "ordersnap-limits.conf")
        return site.write_file("nginx.conf", f"""
daemon off;
worker_processes 2;
pid "{site.path("run", "nginx.pid")}";
error_log "{site.path("log", "error.log")}";
{"user www-data;" if site.user else ""}
events {{ worker_connections 1024; }}
http {{
{tmp}    access_log "{site.path("log", "access.log")}";
    types {{ text/html html; text/css css; text/javascript js; image/svg+xml svg; }}
    charset utf-8;
    {f'include "{limits}";' if site.limits else ""}
    server {{
        listen 127.0.0.1:{site.port};
        root "{site.path("www")}";
        location = / {{ return 302 /demo/; }}
        {site.locations}
        include "{self.shipped(site)}";
    }}
}}
""")


class Apache(Front):
    """`modules`: those that this way of running the programs needs."""

    binary = "apache2"
    number = signal.SIGUSR1
    prefixes = True
    always = ("authz_core", "authz_host", "headers", "alias", "env", "dir", "reqtimeout")

    def __init__(self, file, *modules, sockets=False):
        super().__init__(file, sockets)
        self.modules = modules

    @property
    def blanks(self):
        return "fcgid" not in self.modules

    @property
    def gap(self):  # "cgid daemon is gone", a process of mod_fcgid's that was just told to end
        return "cgid" in self.modules or "fcgid" in self.modules

    def lacking(self):
        return super().lacking() or next(
            (f"mod_{m}" for m in self.modules if not os.path.exists(f"{MODULES}/mod_{m}.so")), None)

    def command(self, site):
        return ["apache2", "-d", site.folder, "-f", site.path("httpd.conf"), "-D", "FOREGROUND"]

    def check(self, site):
        return [*self.command(site), "-t"]

    def include(self, site):
        """The lines in the virtual host."""
        return f'Include "{self.shipped(site)}"'

    def load(self, site):
        modules = [*self.modules, *self.always, *site.modules]
        modules += [m for m in ("setenvif", "qos") if site.limits and m not in modules and
                    os.path.exists(f"{MODULES}/mod_{m}.so")]
        # Debian 12's mod_qos says not that it needs this library.
        pcre = f"LoadFile {PCRE}\n" if "qos" in modules and PCRE else ""
        return pcre + "".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so\n" for m in modules)

    def write(self, site):
        limits = site.path("share", "apache", "ordersnap-limits.conf")
        own = {"cgid": f'ScriptSock "{site.path("run", "cgid.sock")}"\n',
               "fcgid": f'FcgidIPCDir "{site.path("run")}"\n'
                        f'FcgidProcessTableFile "{site.path("run", "fcgid")}"\n',
               "mime": "TypesConfig /dev/null\n"}
        return site.write_file("httpd.conf", f"""
{self.load(site)}
{"".join(own.get(m, "") for m in self.modules)}
{"User www-data" if site.user else ""}
{"Group www-data" if site.user else ""}
ServerName 127.0.0.1
Listen 127.0.0.1:{site.port}
DefaultRuntimeDir "{site.path("run")}"
PidFile "{site.path("run", "httpd.pid")}"
Mutex "file:{site.path("run")}" default
ErrorLog "{site.path("log", "error.log")}"
LogLevel info
<Directory "/">
    AllowOverride None
    Require all denied
</Directory>
DocumentRoot "{site.path("www")}"
<Directory "{site.path("www")}">
    Require all granted
</Directory>
{f'Include "{limits}"' if site.limits else ""}
<VirtualHost *:{site.port}>
    {self.include(site)}
</VirtualHost>
""")


class Htaccess(Apache):
    """A host where one can only upload: `Options` and `FileInfo` are what it leaves to its users."""

    prefixes = False
    script = "/cgi-bin/status.fcgi", ""

    def write(self, site):
        for name, folder in (("htaccess", "www"), ("htaccess-cgi-bin", "cgi-bin")):
            shutil.copy(site.path("share", "apache", name), site.path(folder, ".htaccess"))
            os.chmod(site.path(folder, ".htaccess"), 0o644)
        return super().write(site)

    def shipped(self, site):
        """The file beside the programs, which a login stands in."""
        return site.path("share", self.file + "-cgi-bin")

    def include(self, site):
        # Of mod_fcgid only the host can say how much it takes.
        more = "FcgidMaxRequestLen 2097152\n" if "fcgid" in self.modules else ""
        return f"""
    {more}ScriptAlias "/cgi-bin/" "{site.path("cgi-bin")}/"
    <Directory "{site.path("www")}">
        AllowOverride FileInfo
    </Directory>
    <Directory "{site.path("cgi-bin")}">
        AllowOverride FileInfo{" AuthConfig" if "auth_basic" in site.modules else ""}
        Require all granted
    </Directory>
    RequestReadTimeout header=20-40,MinRate=500 body=10,MinRate=500
"""


class Lighttpd(Front):
    binary = "lighttpd"
    number = signal.SIGUSR1

    def __init__(self, file, *modules, sockets=False):
        super().__init__(file, sockets)
        self.modules = modules
        self.lines = "error" if sockets else "breakage"

    def command(self, site):
        return ["lighttpd", "-D", "-f", site.path("lighttpd.conf")]

    def check(self, site):
        return ["lighttpd", "-tt", "-f", site.path("lighttpd.conf")]

    def write(self, site):
        modules = ", ".join(f'"mod_{m}"' for m in (*self.modules, *site.modules))
        user = 'server.username = "www-data"\nserver.groupname = "www-data"' if site.user else ""
        return site.write_file("lighttpd.conf", f"""
server.modules = ( {modules} )
server.bind = "127.0.0.1"
server.port = {site.port}
{user}
server.document-root = "{site.path("www")}"
server.errorlog = "{site.path("log", "error.log")}"
server.breakagelog = "{site.path("log", "breakage.log")}"
server.upload-dirs = ( "{site.path("tmp")}" )
index-file.names = ( "index.html" )
mimetype.assign = ( ".html" => "text/html", ".css" => "text/css", ".js" => "text/javascript" )
include "{self.shipped(site)}"
{site.locations}
""")


class Caddy(Front):
    binary = "caddy"
    blanks = False
    lines = "ordersnap"
    gap = True
    script = "", "{}"

    def command(self, site):
        return ["caddy", "run", "--adapter", "caddyfile", "--config", site.path("Caddyfile")]

    def check(self, site):
        return ["caddy", "validate", "--adapter", "caddyfile", "--config", site.path("Caddyfile")]

    def variables(self, site):
        return {"HOME": site.path("tmp"), "XDG_CONFIG_HOME": site.path("tmp"),
                "XDG_DATA_HOME": site.path("tmp")}

    def user(self, site):
        return site.user

    def reload(self, site, process):
        subprocess.run(["caddy", "reload", "--force", "--adapter", "caddyfile", "--config",
                        site.path("Caddyfile"), "--address", "unix/" + site.path("run", "caddy.sock")],
                       env=environment.of(**self.variables(site)), check=True, capture_output=True)

    def write(self, site):
        text = f"""{{
    admin "unix/{site.path("run", "caddy.sock")}"
    auto_https off
    log {{
        output file "{site.path("log", "error.log")}"
    }}
}}
import "{self.shipped(site)}"
http://:{site.port} {{
    bind 127.0.0.1
    import ordersnap
    root * "{site.path("www")}"
    file_server
}}
"""
        return site.write_file("Caddyfile", text.replace(" " * 4, "\t"))


SERVERS = {
    "nginx": Nginx("nginx/ordersnap.conf", sockets=True),
    "apache-proxy_fcgi": Apache("apache/ordersnap-proxy_fcgi.conf", "mpm_event", "proxy",
                                "proxy_fcgi", sockets=True),
    "apache-fcgid": Apache("apache/ordersnap-fcgid.conf", "mpm_event", "fcgid"),
    "apache-cgi": Apache("apache/ordersnap-cgi.conf", "mpm_prefork", "cgi"),
    "apache-cgid": Apache("apache/ordersnap-cgi.conf", "mpm_event", "cgid"),
    "htaccess-cgid": Htaccess("apache/htaccess", "mpm_event", "cgid", "mime", "rewrite",
                              "setenvif"),
    "htaccess-fcgid": Htaccess("apache/htaccess", "mpm_event", "fcgid", "mime", "rewrite",
                               "setenvif"),
    "lighttpd-fastcgi": Lighttpd("lighttpd/ordersnap-fastcgi.conf", "fastcgi", sockets=True),
    "lighttpd-cgi": Lighttpd("lighttpd/ordersnap-cgi.conf", "alias", "cgi", "setenv"),
    "caddy": Caddy("caddy/ordersnap.caddy", sockets=True),
}

# More ways to run them, for the suites that ask for them.
VARIANTS = {"apache-cgi-event": Apache("apache/ordersnap-cgi.conf", "mpm_event", "cgi")}
